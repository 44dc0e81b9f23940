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

/// Most lines of one table, without those that differ.
const MOST_ROWS: usize = 40;
/// Most letters of a name in a table.
const LONGEST_NAME: usize = 48;

/// One line of a table of totals: one number, or a row of them.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) published: Vec<u64>,
    pub(crate) expected: Vec<u64>,
}

impl Row {
    /// Whether the published numbers are the expected ones.
    pub(crate) fn is_equal(&self) -> bool {
        self.published == self.expected
    }
}

fn joined(figures: &[u64], width: usize) -> String {
    figures.iter().map(|figure| format!("{:>width$}", number(*figure))).collect::<Vec<_>>().join(" ")
}

/// The table of published totals beside the expected ones; rows of many numbers show the expected ones only where they
/// differ. Of a long table the first lines are shown, and all that differ.
pub(crate) fn table(rows: &[Row]) -> Vec<String> {
    let figures = || rows.iter().flat_map(|row| row.published.iter().chain(&row.expected));
    let width = figures().map(|figure| number(*figure).len()).max().unwrap_or(1);
    let name = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).clamp(6, LONGEST_NAME);
    let single = rows.iter().all(|row| row.published.len() <= 1 && row.expected.len() <= 1);
    let mut lines = Vec::new();
    let width = if single { width.max(9) } else { width };
    if single {
        lines.push(format!("{:name$}  {:>width$}  {:>width$}", "option", "published", "expected"));
    }
    let mut hidden = 0;
    for (i, row) in rows.iter().enumerate() {
        if i >= MOST_ROWS && row.is_equal() {
            hidden += 1;
            continue;
        }
        let short: String = row.name.chars().take(name).collect();
        let (published, expected) = (joined(&row.published, width), joined(&row.expected, width));
        lines.push(match (row.is_equal(), single) {
            (true, true) => format!("{short:name$}  {published}  {expected}  equal"),
            (true, false) => format!("{short:name$}  {published}  equal"),
            (false, true) => format!("{short:name$}  {published}  {expected}  DIFFERENT"),
            (false, false) => format!("{short:name$}  {published}  DIFFERENT, expected {expected}"),
        });
    }
    if hidden > 0 {
        lines.push(format!("and {} more lines, all equal", number(hidden)));
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

    fn row(name: &str, published: &[u64], expected: &[u64]) -> Row {
        Row { name: name.into(), published: published.to_vec(), expected: expected.to_vec() }
    }

    #[test]
    fn a_difference_cannot_be_overlooked() {
        let lines = table(&[row("Anna", &[1_000], &[1_000]), row("Bo", &[2], &[3])]);
        assert_eq!(lines[1], "Anna        1,000      1,000  equal");
        assert_eq!(lines[2], "Bo              2          3  DIFFERENT");
        let lines = table(&[row("Anna", &[0, 12], &[0, 12]), row("Bo", &[1, 0], &[2, 0])]);
        assert_eq!(lines, ["Anna     0 12  equal", "Bo       1  0  DIFFERENT, expected  2  0"]);
    }

    #[test]
    fn a_long_table_is_cut_but_not_where_it_differs() {
        let mut rows: Vec<_> = (0..100).map(|i| row(&format!("Person {i}"), &[i, 1], &[i, 1])).collect();
        rows[90].published[0] = 0;
        let lines = table(&rows);
        assert_eq!(lines.len(), MOST_ROWS + 2);
        assert!(lines[MOST_ROWS].starts_with("Person 90") && lines[MOST_ROWS].contains("DIFFERENT"));
        assert_eq!(lines[MOST_ROWS + 1], "and 59 more lines, all equal");
        // A row that is missing differs too.
        assert!(table(&[row("Anna", &[], &[0])])[1].ends_with("DIFFERENT"));
    }
}
