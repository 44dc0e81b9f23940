//! Counting what the runners report.

use std::fmt;

/// Checks and tests by their end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl std::ops::Sub for Counts {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            passed: self.passed.saturating_sub(other.passed),
            failed: self.failed.saturating_sub(other.failed),
            skipped: self.skipped.saturating_sub(other.skipped),
        }
    }
}

/// Reads the output of test runners line by line.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    reported: Counts,
    announced: u64,
}

impl Tally {
    /// Takes one line of output.
    pub(crate) fn line(&mut self, line: &str) {
        let line = line.trim();
        if line.starts_with("SKIPPED:") {
            self.announced += 1;
        } else if let Some(counts) = line.strip_prefix("test result: ") {
            self.reported = self.reported + test_result(counts);
        }
    }

    /// The sum. A test that announced `SKIPPED:` was reported as passed by its runner; here it is not.
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            passed: self.reported.passed.saturating_sub(self.announced),
            failed: self.reported.failed,
            skipped: self.reported.skipped + self.announced,
        }
    }
}

/// The numbers of libtest's closing line: `ok. 12 passed; 0 failed; 1 ignored; ...`.
fn test_result(line: &str) -> Counts {
    let number_before = |word: &str| {
        let mut words = line.split([' ', ';']).filter(|word| !word.is_empty());
        let mut last = 0;
        words
            .find_map(|next| {
                if next == word {
                    return Some(last);
                }
                last = next.parse().unwrap_or(0);
                None
            })
            .unwrap_or(0)
    };
    Counts { passed: number_before("passed"), failed: number_before("failed"), skipped: number_before("ignored") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.10s",
        ] {
            tally.line(line);
        }
        assert_eq!(tally.counts(), Counts { passed: 15, failed: 2, skipped: 1 });
    }

    #[test]
    fn an_announced_skip_is_not_a_pass() {
        let mut tally = Tally::default();
        tally.line("SKIPPED: the foreign vectors are not here");
        tally.line("a line about SKIPPED: things");
        tally.line("test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s");
        assert_eq!(tally.counts(), Counts { passed: 1, failed: 0, skipped: 1 });
    }
}
