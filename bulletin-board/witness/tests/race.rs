//! The race of the specification: two requests for one log at the same time never roll it back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::Barrier;
use std::thread;

use common::{Place, TestLog, add, agent, get, try_post};
use tlog::SignedNote;
use tlog::witness::parse_response;

/// Rounds of two requests at the same time.
const ROUNDS: u64 = 300;

#[test]
fn requests_at_the_same_time_never_roll_a_log_back() {
    let log = TestLog::new("log.example/1", 3 * ROUNDS + 1);
    let place = Place::new(&[&log]);
    let witness = place.run();
    let url = add(witness.url());
    let monitor = format!("{}/{}/checkpoint", witness.url(), log.file());
    let agents = [agent(), agent()];
    let barrier = Barrier::new(2);
    let (mut size, mut both, mut conflicts) = (0, 0, 0);
    for round in 0..ROUNDS {
        // One asks for N, the other for N + K, from the same size.
        let (small, large) = (size + 1, size + 2 + round % 2);
        let answers = thread::scope(|scope| {
            let threads = [small, large].map(|new| {
                let (log, url, barrier, agent) = (&log, &url, &barrier, &agents[usize::from(new == large)]);
                scope.spawn(move || {
                    let body = log.ask(size, new);
                    barrier.wait();
                    (new, try_post(agent, url, &body).unwrap())
                })
            });
            threads.map(|thread| thread.join().unwrap())
        });
        let mut largest = size;
        let mut cosigned = 0;
        for (new, answer) in &answers {
            match answer.status {
                200 => {
                    parse_response(answer.text.as_bytes(), &log.head(*new), std::slice::from_ref(&place.own)).unwrap();
                    largest = largest.max(*new);
                    cosigned += 1;
                }
                409 => {
                    // It names the size that the other one has just brought.
                    let known: u64 = answer.text.trim().parse().unwrap();
                    assert!([small, large].contains(&known) && known != *new, "{known}");
                    conflicts += 1;
                }
                status => panic!("{status}: {}", answer.text),
            }
        }
        both += usize::from(cosigned == 2);
        assert!(largest > size, "one of the two always gets its cosignature");
        // What is stored, and what is shown, is the largest that was answered.
        assert_eq!(place.stored(&log), Some(largest), "round {round}");
        let shown = SignedNote::parse(get(&monitor).text.as_bytes()).unwrap();
        assert_eq!(shown.text(), log.head(largest).to_text());
        size = largest;
    }
    // From one size, only one of two different sizes can be cosigned.
    assert_eq!(both, 0);
    assert_eq!(conflicts, ROUNDS);
}

#[test]
fn logs_do_not_wait_for_each_other_and_many_callers_agree() {
    let logs: Vec<_> = (0..4).map(|number| TestLog::new(&format!("log.example/{number}"), 60)).collect();
    let place = Place::new(&logs.iter().collect::<Vec<_>>());
    let witness = place.run();
    let url = add(witness.url());
    thread::scope(|scope| {
        for caller in 0..8u64 {
            let (logs, url, place) = (&logs, &url, &place);
            scope.spawn(move || {
                let agent = agent();
                let log = &logs[usize::try_from(caller).unwrap() % logs.len()];
                let mut known = 0;
                for new in (1..=60).filter(|size| size % 2 == caller / 4) {
                    // As a log does: ask, learn the size, ask again.
                    loop {
                        if new < known {
                            break;
                        }
                        let answer = try_post(&agent, url, &log.ask(known, new)).unwrap();
                        match answer.status {
                            200 => {
                                parse_response(
                                    answer.text.as_bytes(),
                                    &log.head(new),
                                    std::slice::from_ref(&place.own),
                                )
                                .unwrap();
                                known = new;
                                break;
                            }
                            409 => {
                                let found: u64 = answer.text.trim().parse().unwrap();
                                assert!(found > known, "{found} after {known}");
                                known = found;
                            }
                            status => panic!("{status}: {}", answer.text),
                        }
                    }
                }
            });
        }
    });
    for log in &logs {
        assert_eq!(place.stored(log), Some(60));
        assert!(place.evidence(log).is_empty());
    }
}
