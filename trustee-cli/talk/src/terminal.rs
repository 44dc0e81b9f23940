//! The rules of speaking: results on standard output, notes and progress on standard error, questions on the terminal.

use std::io::{IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use crate::failure::Failure;

/// What a command has to say when it is done.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// For people.
    pub text: String,
    /// For programs: fields that are added to `{"ok": true}`.
    pub json: Value,
}

/// Speaks.
#[derive(Clone, Copy, Debug)]
pub struct Talk {
    /// One JSON object instead of text.
    pub json: bool,
}

impl Talk {
    /// A note on standard error.
    pub fn note(self, text: &str) {
        // A closed terminal is no reason to stop.
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// The result on standard output, and the problems of a failure on standard error.
    pub fn finish(self, result: &Result<Outcome, Failure>) -> u8 {
        let (line, code) = match result {
            Ok(Outcome { json: Value::Object(fields), .. }) if self.json => {
                let mut fields = fields.clone();
                fields.insert("ok".into(), Value::Bool(true));
                (Value::Object(fields).to_string(), 0)
            }
            Ok(outcome) => (outcome.text.clone(), 0),
            Err(failure) => {
                self.note(&failure.to_string());
                let line = if self.json { failure.to_json().to_string() } else { String::new() };
                (line, failure.exit_code())
            }
        };
        if !line.is_empty() {
            let _ = writeln!(std::io::stdout(), "{}", line.trim_end());
        }
        code
    }

    /// Asks on the terminal; the answer is yes only if it says so.
    ///
    /// # Errors
    /// Without a terminal: `needs-answer`, with `remedy`.
    pub fn ask(self, question: &str, remedy: &str) -> Result<bool, Failure> {
        if !std::io::stdin().is_terminal() {
            return Err(Failure::unable("needs-answer", format!("there is no terminal to ask: {question}"), remedy));
        }
        let _ = write!(std::io::stderr(), "{question} [y/N] ");
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        read.map_err(|error| Failure::unable("needs-answer", format!("no answer: {error}"), remedy))?;
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// A progress bar on standard error; it hides where that is no terminal.
    #[must_use]
    pub fn bar(self, what: &'static str) -> ProgressBar {
        let style = ProgressStyle::with_template("{msg:<24} {wide_bar} {human_pos}/{human_len} {eta:>4}");
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what);
        bar
    }
}
