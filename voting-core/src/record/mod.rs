//! The record of an event: rules, the fold of its entries, the verification that everybody uses, and its report.

pub mod report;
pub mod rule;
pub mod standings;
pub mod state;
pub mod verify;

pub use report::{Counts, Fault, Report, RoundReport, RoundStatus, TallyReport};
pub use rule::{Culprit, Refusal, Rule};
pub use standings::Standings;
pub use state::State;
pub use verify::verify_record;
