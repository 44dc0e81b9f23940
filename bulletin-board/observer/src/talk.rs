//! Progress and the writing of numbers.

use client::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tlog::policy::Cosigner;

/// A bar on standard error; nothing is drawn where that is no terminal.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn new(what: &'static str) -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} entries, {eta} left")
        {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self(bar)
    }

    pub(crate) fn show(&self, progress: Progress) {
        self.0.set_length(progress.total);
        self.0.set_position(progress.done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A number with commas.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number and its noun, `s` behind it unless it is 1.
pub(crate) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// A number of entries.
pub(crate) fn entries(number: u64) -> String {
    if number == 1 { "1 entry".into() } else { format!("{} entries", grouped(number)) }
}

/// Bytes in a unit that reads well.
pub(crate) fn bytes(number: u64) -> String {
    match number {
        0..10_000 => count(number, "byte"),
        10_000..10_000_000 => format!("{} kB", grouped(number / 1_000)),
        _ => format!("{} MB", grouped(number / 1_000_000)),
    }
}

/// A moment in seconds since 1970-01-01 as date and time in UTC.
pub(crate) fn moment(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    moment.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_else(|| format!("second {seconds}"))
}

/// A text from elsewhere for a terminal: no control characters, not endless.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(1_000).collect()
}

/// Who cosigned and when, as a sentence.
pub(crate) fn cosigned(cosigners: &[Cosigner]) -> String {
    if cosigners.is_empty() {
        return "Cosigned by nobody: the manifest demands no witness server.".into();
    }
    let who: Vec<String> = cosigners
        .iter()
        .map(|cosigner| format!("{} at {}", plain(&cosigner.name.to_string()), moment(cosigner.timestamp)))
        .collect();
    format!("Cosigned by {}.", who.join(", "))
}

/// Who cosigned and when, for programs.
pub(crate) fn cosigners_json(cosigners: &[Cosigner]) -> Value {
    let one = |cosigner: &Cosigner| json!({ "name": cosigner.name.to_string(), "time": cosigner.timestamp });
    cosigners.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(count(1, "fault"), "1 fault");
        assert_eq!(count(2, "fault"), "2 faults");
        assert_eq!(bytes(12_345), "12 kB");
        assert_eq!(moment(0), "1970-01-01T00:00:00Z");
    }
}
