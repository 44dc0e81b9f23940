//! The account of what happens: on standard output, or on standard error when standard output is for one JSON object.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two lines of progress where there is no terminal to draw a bar on.
const QUIET: Duration = Duration::from_secs(10);

/// Says what happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    to_stderr: bool,
}

/// Progress of something that takes long: a bar on a terminal, else a line now and then.
pub(crate) struct Progress {
    bar: ProgressBar,
    account: Account,
    what: String,
    last: Mutex<Instant>,
}

impl Account {
    pub(crate) fn new(to_stderr: bool) -> Self {
        Self { to_stderr }
    }

    /// One line.
    pub(crate) fn say(self, line: &str) {
        // A closed terminal is no reason to stop an election.
        let _ = if self.to_stderr {
            writeln!(std::io::stderr(), "{line}")
        } else {
            writeln!(std::io::stdout(), "{line}").and_then(|()| std::io::stdout().flush())
        };
    }

    /// A line below the heading of a phase.
    pub(crate) fn detail(self, line: &str) {
        self.say(&format!("     {line}"));
    }

    /// A bar of `total` steps, or a spinner for 0.
    pub(crate) fn progress(self, what: &str, total: u64) -> Progress {
        let terminal = std::io::stderr().is_terminal();
        let target = if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target((total > 0).then_some(total), target);
        let template = if total > 0 {
            "     {msg} [{bar:30}] {human_pos} of {human_len}, {eta} left"
        } else {
            "     {spinner} {msg} {elapsed}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what.to_owned());
        if terminal {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Progress { bar, account: self, what: what.to_owned(), last: Mutex::new(Instant::now()) }
    }
}

impl Progress {
    /// One more step is done.
    pub(crate) fn step(&self) {
        self.bar.inc(1);
        self.tell();
    }

    /// So many steps are done, of so many.
    pub(crate) fn set(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.tell();
    }

    /// Still at it: for what has no steps.
    pub(crate) fn tell(&self) {
        if !self.bar.is_hidden() {
            return;
        }
        let Ok(mut last) = self.last.lock() else { return };
        if last.elapsed() >= QUIET {
            *last = Instant::now();
            let line = match self.bar.length() {
                Some(total) => format!("{}: {} of {}", self.what, number(self.bar.position()), number(total)),
                None => format!("{}: {:.0} s", self.what, self.bar.elapsed().as_secs_f64()),
            };
            self.account.detail(&line);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A number with commas between groups of three digits.
pub(crate) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One line of the table of totals.
pub(crate) struct Row<'a> {
    pub(crate) name: &'a str,
    pub(crate) published: u64,
    pub(crate) expected: u64,
}

/// The table of published totals beside the expected ones.
pub(crate) fn table(rows: &[Row<'_>]) -> Vec<String> {
    let width = |of: &dyn Fn(&Row<'_>) -> usize, least: usize| rows.iter().map(of).max().unwrap_or(0).max(least);
    let name = width(&|row| row.name.chars().count(), 6).min(48);
    let figures = width(&|row| number(row.published).len().max(number(row.expected).len()), 9);
    let mut lines = vec![format!("{:name$}  {:>figures$}  {:>figures$}", "option", "published", "expected")];
    for row in rows {
        let short: String = row.name.chars().take(name).collect();
        let verdict = if row.published == row.expected { "equal" } else { "DIFFERENT" };
        lines.push(format!(
            "{short:name$}  {:>figures$}  {:>figures$}  {verdict}",
            number(row.published),
            number(row.expected)
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let grouped: Vec<_> = [0, 999, 1_000, 21_642_136_685].into_iter().map(number).collect();
        assert_eq!(grouped, ["0", "999", "1,000", "21,642,136,685"]);
    }

    #[test]
    fn a_difference_cannot_be_overlooked() {
        let rows =
            [Row { name: "Anna", published: 1_000, expected: 1_000 }, Row { name: "Bo", published: 2, expected: 3 }];
        let lines = table(&rows);
        assert_eq!(lines[1], "Anna        1,000      1,000  equal");
        assert_eq!(lines[2], "Bo              2          3  DIFFERENT");
    }
}
