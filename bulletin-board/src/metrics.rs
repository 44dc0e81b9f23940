//! What is measured, in the text format 0.0.4 of Prometheus. No label carries anything of a ballot, a credential or an
//! address: labels are routes, statuses, codes and public ids of events, all of them bounded.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bounds of times, in seconds.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Bounds of numbers of entries.
const ENTRIES: &[f64] = &[1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0];
/// Events that have labels of their own; the page says how many it leaves out.
pub(crate) const EVENTS: usize = 100;
/// Media type of the page.
pub(crate) const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A distribution over fixed bounds.
#[derive(Debug)]
struct Histogram {
    bounds: &'static [f64],
    /// One for each bound, and one for what is above all of them.
    counts: Vec<AtomicU64>,
    /// Millionths.
    sum: AtomicU64,
}

impl Histogram {
    fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(), sum: AtomicU64::new(0) }
    }

    fn add(&self, value: f64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Relaxed);
        }
        self.sum.fetch_add((value * 1e6) as u64, Relaxed);
    }

    fn write(&self, text: &mut String, name: &str, labels: &str) {
        let mut total = 0;
        let comma = if labels.is_empty() { "" } else { "," };
        for (place, count) in self.counts.iter().enumerate() {
            total += count.load(Relaxed);
            let bound = self.bounds.get(place).map_or_else(|| "+Inf".to_owned(), ToString::to_string);
            let _ = writeln!(text, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {total}");
        }
        let sum = self.sum.load(Relaxed) as f64 / 1e6;
        let _ = writeln!(text, "{name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {total}");
    }
}

/// What the sequencer of one event measures.
#[derive(Debug)]
pub(crate) struct Measured {
    under_way: Arc<AtomicI64>,
    batch: Histogram,
    verify: Histogram,
    sync: Histogram,
    witnesses: Histogram,
}

impl Default for Measured {
    fn default() -> Self {
        let seconds = || Histogram::new(SECONDS);
        Self {
            under_way: Arc::default(),
            batch: Histogram::new(ENTRIES),
            verify: seconds(),
            sync: seconds(),
            witnesses: seconds(),
        }
    }
}

impl Measured {
    /// One submission waits, until what is returned is dropped.
    pub(crate) fn waits(&self) -> Counted {
        Counted::new(&self.under_way)
    }
    /// Entries of a batch that was committed.
    pub(crate) fn batch(&self, entries: usize) {
        self.batch.add(entries as f64);
    }
    /// Time that the fold took for the entries of a batch.
    pub(crate) fn verify(&self, time: Duration) {
        self.verify.add(time.as_secs_f64());
    }
    /// Time that one durable record took: write and sync.
    pub(crate) fn sync(&self, time: Duration) {
        self.sync.add(time.as_secs_f64());
    }
    /// Time from asking the witnesses for a head to having enough of them.
    pub(crate) fn witnesses(&self, time: Duration) {
        self.witnesses.add(time.as_secs_f64());
    }
}

/// One of something, as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted(Arc<AtomicI64>);

impl Counted {
    fn new(count: &Arc<AtomicI64>) -> Self {
        count.fetch_add(1, Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[derive(Debug, Default)]
struct Requests {
    /// By route, method and status.
    answered: BTreeMap<(String, &'static str, u16), u64>,
    times: BTreeMap<String, Histogram>,
    refusals: BTreeMap<&'static str, u64>,
}

/// What the service measures as a whole.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: Mutex<Requests>,
    connections: Arc<AtomicI64>,
    listeners: Arc<AtomicI64>,
}

/// What the page shows of one event.
pub(crate) struct OfEvent<'v> {
    pub(crate) id: String,
    pub(crate) entries: u64,
    pub(crate) waiting: bool,
    pub(crate) measured: &'v Measured,
}

impl Metrics {
    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection, until what is returned is dropped.
    pub(crate) fn connection(&self) -> Counted {
        Counted::new(&self.connections)
    }

    /// A listener to the turnout, until what is returned is dropped.
    pub(crate) fn listener(&self) -> Counted {
        Counted::new(&self.listeners)
    }

    /// A request was answered. `route` is the pattern of its route, never the address itself.
    pub(crate) fn answered(
        &self,
        route: String,
        method: &str,
        status: u16,
        code: Option<&'static str>,
        time: Duration,
    ) {
        let method = ["GET", "HEAD", "POST"].into_iter().find(|known| *known == method).unwrap_or("other");
        let mut requests = self.requests();
        let times = requests.times.entry(route.clone()).or_insert_with(|| Histogram::new(SECONDS));
        times.add(time.as_secs_f64());
        *requests.answered.entry((route, method, status)).or_default() += 1;
        if let Some(code) = code {
            *requests.refusals.entry(code).or_default() += 1;
        }
    }

    /// The page.
    pub(crate) fn page(&self, events: &[OfEvent<'_>], left_out: usize) -> String {
        let mut text = String::new();
        let text = &mut text;
        let head = |text: &mut String, name: &str, kind: &str, help: &str| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        };
        let requests = self.requests();
        head(text, "urna_requests_total", "counter", "Requests answered.");
        for ((route, method, status), count) in &requests.answered {
            let labels = format!("route=\"{}\",method=\"{method}\",status=\"{status}\"", escaped(route));
            let _ = writeln!(text, "urna_requests_total{{{labels}}} {count}");
        }
        head(text, "urna_request_seconds", "histogram", "Time from a request's head to its answer's head.");
        for (route, times) in &requests.times {
            times.write(text, "urna_request_seconds", &format!("route=\"{}\"", escaped(route)));
        }
        head(text, "urna_refusals_total", "counter", "Refusals by code.");
        for (code, count) in &requests.refusals {
            let _ = writeln!(text, "urna_refusals_total{{code=\"{code}\"}} {count}");
        }
        drop(requests);
        head(text, "urna_connections", "gauge", "Open connections.");
        let _ = writeln!(text, "urna_connections {}", self.connections.load(Relaxed));
        head(text, "urna_turnout_listeners", "gauge", "Open streams of the turnout.");
        let _ = writeln!(text, "urna_turnout_listeners {}", self.listeners.load(Relaxed));
        head(text, "urna_events_left_out", "gauge", "Events that the lines below leave out.");
        let _ = writeln!(text, "urna_events_left_out {left_out}");
        let gauge = |text: &mut String, name: &str, help: &str, value: &dyn Fn(&OfEvent<'_>) -> i64| {
            head(text, name, "gauge", help);
            for event in events {
                let _ = writeln!(text, "{name}{{event=\"{}\"}} {}", event.id, value(event));
            }
        };
        gauge(text, "urna_entries", "Entries that everybody sees.", &|event| event.entries as i64);
        gauge(text, "urna_waiting_for_witnesses", "1 while the newest head lacks cosignatures.", &|event| {
            i64::from(event.waiting)
        });
        gauge(text, "urna_queue_length", "Submissions that wait for their answer.", &|event| {
            event.measured.under_way.load(Relaxed)
        });
        let histogram = |text: &mut String, name: &str, help: &str, part: &dyn Fn(&Measured) -> &Histogram| {
            head(text, name, "histogram", help);
            for event in events {
                part(event.measured).write(text, name, &format!("event=\"{}\"", event.id));
            }
        };
        histogram(text, "urna_batch_entries", "Entries of each batch that was committed.", &|of| &of.batch);
        histogram(text, "urna_verify_seconds", "Time in which the fold judged a batch.", &|of| &of.verify);
        histogram(text, "urna_sync_seconds", "Time in which a record was written and synced.", &|of| &of.sync);
        histogram(text, "urna_witness_seconds", "Time until enough witnesses cosigned a head.", &|of| &of.witnesses);
        std::mem::take(text)
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_adds_up() {
        let (metrics, measured) = (Metrics::default(), Measured::default());
        let time = Duration::from_millis(3);
        metrics.answered("/a/{b:[0-9]\\d}".into(), "GET", 200, None, time);
        metrics.answered("/a/{b:[0-9]\\d}".into(), "BREW", 503, Some("busy"), Duration::from_secs(99));
        let connection = metrics.connection();
        let waits = measured.waits();
        measured.batch(5);
        measured.sync(time);
        let events = [OfEvent { id: "e1".into(), entries: 7, waiting: true, measured: &measured }];
        let page = metrics.page(&events, 2);
        for line in [
            "urna_requests_total{route=\"/a/{b:[0-9]\\\\d}\",method=\"GET\",status=\"200\"} 1",
            "urna_requests_total{route=\"/a/{b:[0-9]\\\\d}\",method=\"other\",status=\"503\"} 1",
            "urna_request_seconds_bucket{route=\"/a/{b:[0-9]\\\\d}\",le=\"0.0025\"} 0",
            "urna_request_seconds_bucket{route=\"/a/{b:[0-9]\\\\d}\",le=\"0.005\"} 1",
            "urna_request_seconds_bucket{route=\"/a/{b:[0-9]\\\\d}\",le=\"+Inf\"} 2",
            "urna_request_seconds_sum{route=\"/a/{b:[0-9]\\\\d}\"} 99.003",
            "urna_refusals_total{code=\"busy\"} 1",
            "urna_connections 1",
            "urna_events_left_out 2",
            "urna_entries{event=\"e1\"} 7",
            "urna_waiting_for_witnesses{event=\"e1\"} 1",
            "urna_queue_length{event=\"e1\"} 1",
            "urna_batch_entries_bucket{event=\"e1\",le=\"4\"} 0",
            "urna_batch_entries_bucket{event=\"e1\",le=\"16\"} 1",
            "urna_sync_seconds_count{event=\"e1\"} 1",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
        drop((connection, waits));
        assert!(metrics.page(&[], 0).contains("\nurna_connections 0\n"));
    }
}
