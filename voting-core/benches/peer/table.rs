//! The printed table.

use crate::Sizes;
use crate::clock::{Series, counts_core_time};

/// Seconds of each side for one ballot, and the ratios to ours. Contestants: ours, then the floor where there is one, then
/// the peer where it can do the work.
pub(crate) struct One {
    seconds: Vec<f64>,
    ratios: Vec<f64>,
    spread: f64,
}

impl One {
    pub(crate) fn of(Series { seconds, ratios, spread }: &Series) -> Self {
        Self { seconds: seconds.clone(), ratios: ratios.clone(), spread: *spread }
    }

    fn spread(&self) -> String {
        let percent = (self.spread - 1.0) * 100.0;
        if percent > 10.0 { format!("{percent:.0} % !") } else { format!("{percent:.0} %") }
    }
}

/// A work.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) points: (usize, usize),
    /// Of our entry, of its ciphertexts and argument, and of the peer's ballot.
    pub(crate) bytes: (usize, usize, Option<usize>),
    pub(crate) seal: One,
    pub(crate) verify_one: One,
    pub(crate) verify_batch: One,
    pub(crate) two_cores: Option<Series>,
    pub(crate) framing: Option<f64>,
}

fn micro(seconds: f64) -> String {
    format!("{:.1}", seconds * 1e6)
}

fn or_dash<T>(value: Option<T>, show: impl FnOnce(T) -> String) -> String {
    value.map_or("-".into(), show)
}

fn line(cells: &[String]) {
    println!("| {} |", cells.join(" | "));
}

fn head(names: &[&str]) {
    println!();
    println!("| {} |", names.join(" | "));
    println!("|{}", " --- |".repeat(names.len()));
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(" unknown");
    model.trim_start_matches(['\t', ' ', ':']).to_owned()
}

fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").map_or("unknown".into(), |load| load.split(' ').next().unwrap().to_owned())
}

pub(crate) fn print(rows: &[Row], sizes: Sizes, parallel: bool) {
    let Sizes { batch, peers, runs } = sizes;
    println!();
    println!("Processor: {}. Load at the end: {}.", processor(), load());
    println!("Medians of {runs} alternating runs; batches of {batch}; {peers} ballots of the peer in each run.");
    let feature = if parallel { "with" } else { "without" };
    let clock = if counts_core_time() { "time on the core" } else { "time on the clock" };
    println!("One core, {clock}; built {feature} the feature `parallel`. All times in microseconds per ballot.");

    head(&["verify in a batch", "ours", "peer", "peer / ours", "floor", "ours / floor", "spread"]);
    for row in rows {
        let One { seconds, ratios, .. } = &row.verify_batch;
        line(&[
            row.name.into(),
            micro(seconds[0]),
            or_dash(seconds.get(2), |s| micro(*s)),
            or_dash(ratios.get(2), |ratio| format!("{ratio:.2}")),
            micro(seconds[1]),
            format!("{:.2}", 1.0 / ratios[1]),
            row.verify_batch.spread(),
        ]);
    }
    head(&["verify one", "ours", "peer", "peer / ours", "floor", "ours / floor", "spread"]);
    for row in rows {
        let One { seconds, ratios, .. } = &row.verify_one;
        line(&[
            row.name.into(),
            micro(seconds[0]),
            or_dash(seconds.get(2), |s| micro(*s)),
            or_dash(ratios.get(2), |ratio| format!("{ratio:.2}")),
            micro(seconds[1]),
            format!("{:.2}", 1.0 / ratios[1]),
            row.verify_one.spread(),
        ]);
    }
    head(&["seal and cast", "ours", "peer", "peer / ours", "spread"]);
    for row in rows {
        let One { seconds, ratios, .. } = &row.seal;
        line(&[
            row.name.into(),
            micro(seconds[0]),
            or_dash(seconds.get(1), |s| micro(*s)),
            or_dash(ratios.get(1), |ratio| format!("{ratio:.2}")),
            row.seal.spread(),
        ]);
    }
    head(&["bytes", "entry", "ciphertexts and proof", "peer", "points of a ballot", "shared points"]);
    for row in rows {
        let (entry, proof, peer) = row.bytes;
        line(&[
            row.name.into(),
            entry.to_string(),
            proof.to_string(),
            or_dash(peer, |bytes| bytes.to_string()),
            row.points.0.to_string(),
            row.points.1.to_string(),
        ]);
    }
    if parallel {
        head(&["two cores, by the clock", "one, per ballot", "two, per ballot", "one / two", "spread"]);
        for row in rows {
            let Some(Series { seconds, ratios, spread }) = &row.two_cores else { continue };
            line(&[
                row.name.into(),
                micro(seconds[1] / batch as f64),
                micro(seconds[0] / batch as f64),
                format!("{:.2}", ratios[1]),
                format!("{:.0} %", (spread - 1.0) * 100.0),
            ]);
        }
    }
    println!();
    for row in rows {
        if let Some(framing) = row.framing {
            println!("Framing of the peer's bytes, included in its verification, {}: {} us.", row.name, micro(framing));
        }
    }
}
