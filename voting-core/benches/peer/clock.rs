//! Time on a core, runs that alternate, medians and ratios.

use std::time::{Duration, Instant};

/// Runs are repeated when their ratios spread by more than this.
const LARGEST_SPREAD: f64 = 1.10;
/// How often a series is taken at most.
const SERIES: usize = 3;
/// What one sample of a short action should take, so that neither the clock nor an interrupt shows.
const SAMPLE: Duration = Duration::from_millis(150);

/// The time that this thread has spent on a core, where the system tells: the load of others does not count.
#[cfg(unix)]
fn on_core() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}
#[cfg(not(unix))]
fn on_core() -> Option<Duration> {
    None
}

/// Whether [`core_time`] is time on a core; else it is time on the clock.
pub(crate) fn counts_core_time() -> bool {
    on_core().is_some()
}

/// Seconds that this thread spends on a core for `run`.
pub(crate) fn core_time(run: &mut dyn FnMut()) -> f64 {
    let (clock, core) = (Instant::now(), on_core());
    run();
    match (core, on_core()) {
        (Some(before), Some(after)) => (after - before).as_secs_f64(),
        _ => clock.elapsed().as_secs_f64(),
    }
}

/// Seconds on the clock for `run`.
pub(crate) fn clock_time(run: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

/// Repetitions of `run` that fill a sample.
pub(crate) fn repetitions(run: &mut dyn FnMut()) -> usize {
    let mut count = 0;
    let spent = core_time(&mut || {
        let start = Instant::now();
        while start.elapsed() < SAMPLE / 3 {
            run();
            count += 1;
        }
    });
    let each = (spent / f64::from(count)).max(1e-7);
    ((SAMPLE.as_secs_f64() / each) as usize).max(1)
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What a contestant spends for so many pieces of work: returns seconds for one of them.
pub(crate) type Contestant<'a> = Box<dyn FnMut() -> f64 + 'a>;

/// Medians of contestants that took turns.
pub(crate) struct Series {
    /// Seconds per piece of each contestant: median over the runs.
    pub(crate) seconds: Vec<f64>,
    /// How many times longer each contestant takes than the first: median over the runs of the ratio within a run.
    pub(crate) ratios: Vec<f64>,
    /// Largest by smallest ratio, of the contestant where that is worst.
    pub(crate) spread: f64,
}

impl Series {
    /// Lets contestants take turns `runs` times. A series whose ratios spread too much is taken again; the steadiest one
    /// counts, whatever its ratios are.
    pub(crate) fn take(runs: usize, contestants: &mut [Contestant<'_>]) -> Self {
        let mut best: Option<Self> = None;
        for _ in 0..SERIES {
            let series = Self::once(runs, contestants);
            let steady = series.spread <= LARGEST_SPREAD;
            if best.as_ref().is_none_or(|best| series.spread < best.spread) {
                best = Some(series);
            }
            if steady {
                break;
            }
        }
        best.unwrap()
    }

    fn once(runs: usize, contestants: &mut [Contestant<'_>]) -> Self {
        let turns: Vec<Vec<f64>> = (0..runs).map(|_| contestants.iter_mut().map(|one| one()).collect()).collect();
        let column = |value: &dyn Fn(&[f64], usize) -> f64| -> Vec<Vec<f64>> {
            (0..contestants.len()).map(|one| turns.iter().map(|turn| value(turn, one)).collect()).collect()
        };
        let ratios = column(&|turn, one| turn[one] / turn[0]);
        let spread = |ratios: &Vec<f64>| {
            let (low, high) = ratios.iter().fold((f64::MAX, f64::MIN), |(l, h), ratio| (l.min(*ratio), h.max(*ratio)));
            high / low
        };
        Self {
            seconds: column(&|turn, one| turn[one]).into_iter().map(median).collect(),
            spread: ratios.iter().map(spread).fold(1.0, f64::max),
            ratios: ratios.into_iter().map(median).collect(),
        }
    }
}
