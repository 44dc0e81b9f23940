//! What the system tells about processes and files, and figures of many measurements.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

/// Bytes of memory that a process has in the machine; none where the system does not tell.
pub(crate) fn resident(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024)
}

/// The time that a process has spent on cores.
pub(crate) fn processor_time(process: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program stands in parentheses and may hold anything; user and system time are fields 14 and 15.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Duration::from_secs_f64((user + system) as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// Bytes of a file, or of all files below a folder.
pub(crate) fn bytes_of(path: &Path) -> u64 {
    let Ok(meta) = fs::metadata(path) else { return 0 };
    if meta.is_file() {
        return meta.len();
    }
    fs::read_dir(path).into_iter().flatten().flatten().map(|item| bytes_of(&item.path())).sum()
}

/// Latencies in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

impl Latency {
    /// Of measurements in microseconds.
    pub(crate) fn of(mut micros: Vec<u64>) -> Self {
        micros.sort_unstable();
        let at = |part: f64| {
            let rank = (micros.len() as f64 * part).ceil() as usize;
            micros.get(rank.max(1) - 1).copied().unwrap_or_default() as f64 / 1_000.0
        };
        Self { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let latency = Latency::of((1..=1_000).rev().map(|ms| ms * 1_000).collect());
        assert_eq!((latency.p50, latency.p99, latency.p999, latency.max), (500.0, 990.0, 999.0, 1_000.0));
        assert!(Latency::of(Vec::new()).max.abs() < f64::EPSILON);
    }

    #[test]
    fn the_system_tells_about_this_process() {
        let own = std::process::id();
        if !cfg!(target_os = "linux") {
            eprintln!("SKIPPED: no /proc here");
            return;
        }
        assert!(resident(own).is_some_and(|bytes| bytes > 100_000));
        assert!(processor_time(own).is_some());
        assert!(resident(u32::MAX).is_none());
    }
}
