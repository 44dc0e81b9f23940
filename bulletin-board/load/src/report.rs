//! The figures, for people and for programs.

use serde::Serialize;

use crate::cli::Cli;
use crate::measure::Latency;

/// The aims of the bench, on two cores.
const AIM_RATIO: f64 = 0.6;
const AIM_MEMORY: f64 = 1_024.0;
const AIM_P99: f64 = 1_000.0;

/// One start on a log.
#[derive(Debug, Serialize)]
pub(crate) struct Restart {
    /// Seconds until the board serves.
    pub(crate) ready: f64,
    /// Of these for folding the journal; the rest is for index and tree.
    pub(crate) folded: Option<f64>,
}

/// A board that is ended and started again.
#[derive(Debug, Serialize)]
pub(crate) struct Restarts {
    /// Seconds until it has ended in order.
    pub(crate) stop: f64,
    pub(crate) with_snapshot: Restart,
    pub(crate) verifying_all: Option<Restart>,
}

/// One run.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    /// Ballots due in a second, if they were due at fixed times.
    pub(crate) rate: Option<f64>,
    /// Ballots whose receipt was verified.
    pub(crate) accepted: usize,
    /// Of these verified when they came; all of them afterwards.
    pub(crate) sampled: usize,
    pub(crate) refused: usize,
    pub(crate) refused_example: Option<String>,
    pub(crate) seconds: f64,
    pub(crate) per_second: f64,
    pub(crate) latency: Latency,
    /// Bytes of memory of the board.
    pub(crate) resident_before: Option<u64>,
    pub(crate) resident_after: Option<u64>,
    pub(crate) resident_per_ballot: Option<f64>,
    pub(crate) journal_per_ballot: f64,
    pub(crate) index_per_ballot: f64,
    /// Seconds on cores.
    pub(crate) board_seconds: Option<f64>,
    pub(crate) generator_seconds: Option<f64>,
    pub(crate) restarts: Option<Restarts>,
}

/// What the same cores verify and do nothing else.
#[derive(Debug, Serialize)]
pub(crate) struct Reference {
    /// Ballots a second, before and after the run of the board.
    pub(crate) before: f64,
    pub(crate) after: f64,
    /// Accepted beside the mean of both.
    pub(crate) ratio: f64,
}

impl Reference {
    pub(crate) fn of(before: f64, after: f64, run: &Measured) -> Self {
        Self { before, after, ratio: run.per_second / ((before + after) / 2.0) }
    }
}

/// All figures.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    cores: usize,
    ballots: u32,
    connections: u32,
    witnesses: bool,
    forged: bool,
    bytes_of_a_ballot: usize,
    pub(crate) reference: Option<Reference>,
    pub(crate) runs: Vec<Measured>,
}

fn figure(value: Option<f64>) -> String {
    value.map_or_else(|| "not told".into(), |value| format!("{value:.1}"))
}

fn verdict(holds: bool) -> &'static str {
    if holds { "reached" } else { "MISSED" }
}

impl Report {
    pub(crate) fn new(cli: &Cli, bytes_of_a_ballot: usize) -> Self {
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            ballots: cli.ballots,
            connections: cli.connections,
            witnesses: cli.witnesses,
            forged: cli.forged,
            bytes_of_a_ballot,
            reference: None,
            runs: Vec::new(),
        }
    }

    pub(crate) fn print(&self, json: bool) {
        if json {
            // Plain numbers and texts: there is always a form in JSON.
            println!("{}", serde_json::to_string_pretty(self).unwrap_or_default());
            return;
        }
        println!(
            "{} ballots of 1 of 5 ({} bytes), {} connections, {} cores with the generator, {}",
            self.ballots,
            self.bytes_of_a_ballot,
            self.connections,
            self.cores,
            if self.witnesses { "two witnesses" } else { "no witnesses" }
        );
        for run in &self.runs {
            let latency = run.latency;
            println!("\n{}", run.name);
            if let Some(rate) = run.rate {
                println!("  due                    {rate:>10.0} a second");
            }
            println!(
                "  accepted               {:>10} ballots, every receipt verified ({} at once)",
                run.accepted, run.sampled
            );
            if run.refused > 0 {
                println!(
                    "  REFUSED                {:>10} such as {}",
                    run.refused,
                    run.refused_example.as_deref().unwrap_or("")
                );
            }
            println!("  in all                 {:>10.2} s, {:.0} a second", run.seconds, run.per_second);
            println!("  latency p50            {:>10.1} ms", latency.p50);
            println!("          p99            {:>10.1} ms", latency.p99);
            println!("          p99.9          {:>10.1} ms, longest {:.1}", latency.p999, latency.max);
            let mebibytes = |bytes: Option<u64>| figure(bytes.map(|bytes| bytes as f64 / f64::from(1 << 20)));
            println!(
                "  board in memory        {:>10} MiB, before {}",
                mebibytes(run.resident_after),
                mebibytes(run.resident_before)
            );
            println!("    for each ballot      {:>10} bytes", figure(run.resident_per_ballot));
            println!("  journal per ballot     {:>10.0} bytes", run.journal_per_ballot);
            println!("  index per ballot       {:>10.0} bytes", run.index_per_ballot);
            println!("  board on cores         {:>10} s", figure(run.board_seconds));
            println!("  generator on cores     {:>10} s", figure(run.generator_seconds));
            if let Some(Restarts { stop, with_snapshot, verifying_all }) = &run.restarts {
                println!("  ended in               {stop:>10.2} s");
                let folded = |start: &Restart| figure(start.folded);
                println!(
                    "  ready again in         {:>10.2} s, {} of them to fold",
                    with_snapshot.ready,
                    folded(with_snapshot)
                );
                if let Some(all) = verifying_all {
                    println!("    verifying all proofs {:>10.2} s, {} of them to fold", all.ready, folded(all));
                }
            }
        }
        self.print_aims();
    }

    fn print_aims(&self) {
        let (Some(Reference { before, after, ratio }), Some(real)) = (&self.reference, self.runs.first()) else {
            return;
        };
        println!("\nreference: batches verified and nothing else: {before:.0} a second before, {after:.0} after");
        println!(
            "  accepted / reference   {:>9.1} %   aim at least {:.0} %: {}",
            ratio * 100.0,
            AIM_RATIO * 100.0,
            verdict(*ratio >= AIM_RATIO)
        );
        if let Some(bytes) = real.resident_per_ballot {
            println!(
                "  memory for each ballot {bytes:>9.0}     aim at most {AIM_MEMORY:.0}: {}",
                verdict(bytes <= AIM_MEMORY)
            );
        }
        for run in self.runs.iter().filter(|run| run.rate.is_some()) {
            let p99 = run.latency.p99;
            println!(
                "  p99 at {:>6.0} a second {p99:>9.1} ms  aim below {AIM_P99:.0}: {}",
                run.rate.unwrap_or_default(),
                verdict(p99 < AIM_P99)
            );
        }
    }
}
