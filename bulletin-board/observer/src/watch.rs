//! `observer watch`: follows a record and gives the alarm.

mod alarm;

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use client::{ClientError, Follower, Look};
use rand::RngCore as _;
use rand::rngs::OsRng;
use serde_json::json;
use tlog::layout::CHECKPOINT_PATH;
use voting_core::ids::EventId;
use voting_core::manifest::event_words;

use self::alarm::{Alarm, Alarms};
use crate::cli::WatchArgs;
use crate::failure::{Failure, Outcome};
use crate::rules;
use crate::talk::{Bar, cosigned, cosigners_json, count, entries, moment};

pub(crate) fn run(args: &WatchArgs, out: &mut dyn Write, notes: &mut dyn Write) -> Result<Outcome, Failure> {
    let (event, card) = rules::event(args.event, args.card.as_deref())?;
    let dir = args.dir.clone().unwrap_or_else(|| {
        let short: String = event.to_string().chars().take(16).collect();
        PathBuf::from(format!("watch-{short}"))
    });
    let follower = {
        let bar = Bar::new("verifying the copy");
        Follower::open(&args.source, event, &dir, &entropy(), &mut |progress| bar.show(progress))?
    };
    let mut watch = Watch {
        args,
        dir,
        follower,
        card,
        alarms: Alarms::new(args.command.clone(), args.json),
        answered: Instant::now(),
        silent: false,
        out,
        notes,
    };
    watch.begin(event)?;
    loop {
        let outcome = watch.look()?;
        if args.once || watch.alarms.is_forked() {
            return Ok(outcome);
        }
        std::thread::sleep(args.every);
    }
}

struct Watch<'a> {
    args: &'a WatchArgs,
    dir: PathBuf,
    follower: Follower,
    /// The card, until it was compared with the manifest.
    card: Option<voting_core::card::Card>,
    alarms: Alarms,
    /// When the source last answered.
    answered: Instant,
    /// Whether the source did not answer the last time.
    silent: bool,
    out: &'a mut dyn Write,
    notes: &'a mut dyn Write,
}

impl Watch<'_> {
    fn begin(&mut self, event: EventId) -> Result<(), Failure> {
        if !self.args.json {
            let (source, dir) = (&self.args.source, self.dir.display());
            let from = match self.follower.size() {
                0 => "a new copy".to_owned(),
                size => format!("the copy of {}", entries(size)),
            };
            let words = event_words(&event);
            self.say(&format!("Watching event {event} ({words}) at {source}, from {from} in {dir}."))?;
        }
        if let Some((entry, refusal)) = self.follower.refused().cloned() {
            self.raise(Alarm::bad_entry(entry, &refusal))?;
        }
        Ok(())
    }

    /// One look; what it means for the exit code if it was the last one.
    fn look(&mut self) -> Result<Outcome, Failure> {
        self.alarms.begin();
        let looked = {
            let bar = Bar::new("reading");
            self.follower.look(&entropy(), &mut |progress| bar.show(progress))
        };
        let answer = match looked {
            Ok(look) => {
                self.heard()?;
                self.compare_card()?;
                self.tell(&look)?;
                Ok(())
            }
            Err(error) => match Alarm::of(&error) {
                Some(alarm) => {
                    self.heard()?;
                    self.raise(alarm)?;
                    Ok(())
                }
                None => {
                    self.unheard(&error)?;
                    Err(error)
                }
            },
        };
        if let Some((entry, refusal)) = self.follower.refused().cloned() {
            self.raise(Alarm::bad_entry(entry, &refusal))?;
        }
        if let Some(alarm) = self.stalled() {
            self.raise(alarm)?;
        }
        for over in self.alarms.end() {
            self.note(&format!("{} is over", over.name()))?;
        }
        match answer {
            _ if self.alarms.any() => Ok(Outcome::Refused),
            // One look that can't be done has nothing more to say; a watch goes on.
            Err(error) if self.args.once => Err(error.into()),
            Ok(()) | Err(_) => Ok(Outcome::Holds),
        }
    }

    /// What a card says beyond the event id must be what the manifest says.
    fn compare_card(&mut self) -> Result<(), Failure> {
        if let Some((card, head)) = self.card.take().zip(self.follower.head()) {
            card.check(&head.manifest).map_err(|error| rules::refused_card(&error))?;
        }
        Ok(())
    }

    fn heard(&mut self) -> Result<(), Failure> {
        self.answered = Instant::now();
        if core::mem::take(&mut self.silent) {
            self.note("there is an answer again")?;
        }
        Ok(())
    }

    fn unheard(&mut self, error: &ClientError) -> Result<(), Failure> {
        self.alarms.hold();
        if !core::mem::replace(&mut self.silent, true) && !self.args.once {
            self.note(&format!("{}; trying again", error.fault()))?;
        }
        Ok(())
    }

    /// While a round is open: no answer, or nothing new signed, for too long.
    fn stalled(&self) -> Option<Alarm> {
        let round = self.follower.state()?.open_round()?;
        let limit = self.args.stalled;
        let silent = self.answered.elapsed();
        if self.silent && silent >= limit {
            return Some(Alarm::stalled(round, format!("there was no answer for {}", in_words(silent))));
        }
        let old = self.age()?;
        let signed = format!("nothing new was signed for {}: nobody votes, or entries are withheld", in_words(old));
        (old >= limit).then(|| Alarm::stalled(round, signed))
    }

    /// How long ago the checkpoint was signed: by the newest cosignature, or else by when it came into the folder.
    fn age(&self) -> Option<Duration> {
        let satisfied = self.follower.head()?.satisfied().ok()?;
        let signed = satisfied.cosigners().iter().map(|cosigner| cosigner.timestamp).max();
        let signed = match signed {
            Some(seconds) => UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?,
            None => fs::metadata(self.dir.join(CHECKPOINT_PATH)).ok()?.modified().ok()?,
        };
        // A clock that is ahead of ours gives no age.
        SystemTime::now().duration_since(signed).ok()
    }

    fn tell(&mut self, look: &Look) -> Result<(), Failure> {
        let size = look.checkpoint.size;
        if size == look.before && !self.args.once {
            return Ok(());
        }
        let state = self.follower.state();
        let open = state.and_then(|state| Some((state.open_round()?, state)));
        let open =
            open.and_then(|(index, state)| Some((index, state.round(index)?.turnout(), state.roll(index)?.entitled())));
        let new = size - look.before;
        if self.args.json {
            let object = json!({
                "what": "checkpoint", "time": now(), "size": size, "new": new, "root": look.checkpoint.root.to_string(),
                "cosigners": cosigners_json(&look.cosigners), "judged": self.follower.refused().is_none(),
                "open_round": open.map(|(index, ..)| index.0 + 1), "turnout": open.map(|(_, turnout, _)| turnout),
            });
            return self.say(&object.to_string());
        }
        let round = open.map_or_else(String::new, |(index, turnout, entitled)| {
            format!(" Round {} is open: {turnout} of {} cast.", index.0 + 1, count(entitled, "credential"))
        });
        let held = if self.follower.refused().is_none() { "holds so far" } else { "is copied, not judged" };
        let line =
            format!("{}  {} ({new} new): {held}. {}{round}", moment(now()), entries(size), cosigned(&look.cosigners));
        self.say(&line)
    }

    fn raise(&mut self, alarm: Alarm) -> Result<(), Failure> {
        let new = self.alarms.raise(alarm, self.notes);
        match new.filter(|_| self.args.json) {
            Some(line) => self.say(&line),
            None => Ok(()),
        }
    }

    /// A line of results, at once: somebody may wait for it.
    fn say(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.out, "{line}").and_then(|()| self.out.flush()).map_err(Failure::Output)
    }

    fn note(&mut self, text: &str) -> Result<(), Failure> {
        // A terminal that is gone is no reason to stop.
        let _ = writeln!(self.notes, "{}  note: {text}", moment(now()));
        Ok(())
    }
}

/// 32 fresh bytes for the weights of batches (M4).
fn entropy() -> [u8; 32] {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// Seconds since 1970-01-01 UTC.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

fn in_words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => count(seconds, "second"),
        seconds => count(seconds / 60, "minute"),
    }
}
