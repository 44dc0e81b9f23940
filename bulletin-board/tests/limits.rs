//! Senders that are slow, too many, too large or in somebody else's name: the board stays there for everybody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use board::config::Limits;
use board::store::MemoryIndex;
use common::{Answer, Town, get};
use voting_core::testing::chosen;

/// An event with an open round on a board with these limits, which also shows its measurements.
fn town(seed: u64, change: impl FnOnce(&mut Limits)) -> Town {
    let mut town = Town::found_with(seed, std::sync::Arc::new(MemoryIndex::new()), |config| {
        config.workers = 1;
        config.metrics_listen = Some("127.0.0.1:0".parse().unwrap());
        change(&mut config.limits);
    });
    town.prepare();
    town
}

fn connect(town: &Town) -> TcpStream {
    let stream = TcpStream::connect(town.url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Everything up to the end of the connection, and how long it took.
fn read_to_end(stream: &mut TcpStream) -> (String, Duration) {
    let begun = Instant::now();
    let mut bytes = Vec::new();
    // A connection that is cut off has ended as well; one that stays open for ten seconds has not.
    if let Err(error) = stream.read_to_end(&mut bytes) {
        assert!(error.kind() == std::io::ErrorKind::ConnectionReset, "{error}");
    }
    (String::from_utf8_lossy(&bytes).into_owned(), begun.elapsed())
}

/// One answer on a connection that stays open.
fn read_answer(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut bytes = vec![0; 65_536];
    let length = stream.read(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
}

fn lives(town: &Town) {
    assert_eq!(get(&format!("{}/api/health", town.url)).status, 200);
}

/// A number on the page of measurements.
fn measured(town: &Town, line: &str) -> u64 {
    let page = get(&format!("http://{}/metrics", town.board.as_ref().unwrap().metrics().unwrap()));
    let text = String::from_utf8(page.body).unwrap();
    let line = line.replace("EVENT", &town.event().to_string());
    text.lines().find_map(|found| found.strip_prefix(&line)?.trim().parse().ok()).unwrap_or(0)
}

/// How often the fold was asked.
fn judged(town: &Town) -> u64 {
    measured(town, "urna_verify_seconds_count{event=\"EVENT\"}")
}

fn ballot(town: &mut Town, voter: usize, choice: u32) -> Vec<u8> {
    town.sandbox.vote(voter, &[chosen(&[choice]), chosen(&[])])
}

/// A ballot that the sandbox does not count on.
fn unsent(town: &mut Town, voter: usize, choice: u32) -> Vec<u8> {
    let sealed = town.sandbox.seal(voter, &[chosen(&[choice]), chosen(&[])]);
    town.sandbox.cast(voter, &sealed.parts()[0])
}

fn wait(answer: &Answer) -> u64 {
    answer.header("retry-after").expect("no Retry-After").parse().unwrap()
}

#[test]
fn slow_heads_and_bodies_are_cut_off() {
    let town = town(71, |limits| {
        // Long enough for the preparation on a busy machine.
        limits.head_time = Duration::from_secs(3);
        limits.body_time = Duration::from_secs(3);
    });
    let mut slow_head = connect(&town);
    slow_head.write_all(b"GET /api/health HTTP/1.1\r\nHost: a\r\n").unwrap();
    let mut slow_body = connect(&town);
    let path = format!("/api/events/{}/entries", town.event());
    write!(slow_body, "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nten bytes.").unwrap();
    let (answer, time) = read_to_end(&mut slow_head);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(time < Duration::from_secs(10), "{time:?}");
    let answer = read_answer(&mut slow_body).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"too-slow\""), "{answer}");
    lives(&town);
}

#[test]
fn endless_and_overfull_heads_are_refused() {
    let town = town(72, |_| ());
    let mut endless = connect(&town);
    endless.write_all(b"GET /api/health HTTP/1.1\r\nX-Long: ").unwrap();
    let chunk = [b'a'; 16_384];
    // The server stops reading and answers long before all of it: 4 MiB.
    let sent = (0..256).take_while(|_| endless.write_all(&chunk).is_ok()).count();
    let (answer, _) = read_to_end(&mut endless);
    assert!(answer.starts_with("HTTP/1.1 4") || sent < 256, "{sent} {answer}");
    assert!(!answer.contains("\"ok\""));

    let mut many = connect(&town);
    let lines: String = (0..300).map(|number| format!("X-{number}: a\r\n")).collect();
    // It may hang up before it has read all.
    let _ = write!(many, "GET /api/health HTTP/1.1\r\nHost: a\r\n{lines}\r\n");
    let (answer, _) = read_to_end(&mut many);
    assert!(answer.starts_with("HTTP/1.1 4") || answer.is_empty(), "{answer}");
    lives(&town);
}

#[test]
fn idle_connections_are_closed() {
    let town = town(73, |limits| limits.keep_alive = Duration::from_millis(500));
    let mut idle = connect(&town);
    idle.write_all(b"GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let (answer, time) = read_to_end(&mut idle);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(time < Duration::from_secs(5), "{time:?}");
}

#[test]
fn connections_beyond_the_cap_wait_and_are_counted() {
    let town = town(74, |limits| limits.connections = 2);
    let ask = b"GET /api/health HTTP/1.1\r\nHost: a\r\n\r\n";
    // Those of the preparation have been closed by now, or soon.
    let begun = Instant::now();
    while measured(&town, "urna_connections ") > 0 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut held: Vec<_> = (0..2).map(|_| connect(&town)).collect();
    for stream in &mut held {
        stream.write_all(ask).unwrap();
        assert!(read_answer(stream).unwrap().starts_with("HTTP/1.1 200"));
    }
    assert_eq!(measured(&town, "urna_connections "), 2);
    let mut third = connect(&town);
    third.write_all(ask).unwrap();
    third.set_read_timeout(Some(Duration::from_millis(600))).unwrap();
    assert!(read_answer(&mut third).is_err(), "it is not served yet");
    held.pop();
    third.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert!(read_answer(&mut third).unwrap().starts_with("HTTP/1.1 200"));
}

#[test]
fn bodies_share_one_room_and_announcing_takes_none() {
    let mut town = town(75, |limits| limits.body_bytes = 100_000);
    let head = |length: usize| {
        let path = format!("/api/events/{}/entries", town.event());
        format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
    };
    // Twenty that announce much and send nothing hinder nobody.
    let announced: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = connect(&town);
            stream.write_all(head(60_000).as_bytes()).unwrap();
            stream
        })
        .collect();
    let filled: Vec<_> = (0..2)
        .map(|_| {
            let mut stream = connect(&town);
            stream.write_all(head(60_000).as_bytes()).unwrap();
            stream.write_all(&[0; 49_900]).unwrap();
            stream
        })
        .collect();
    let entry = ballot(&mut town, 0, 0);
    let begun = Instant::now();
    let answer = loop {
        let answer = town.submit(&entry);
        if answer.status == 503 || begun.elapsed() > Duration::from_secs(10) {
            break answer;
        }
        std::thread::sleep(Duration::from_millis(20));
        // The bytes of the two are still on their way.
        assert_eq!(answer.status, 200);
    };
    assert_eq!((answer.status, answer.code().as_str(), wait(&answer)), (503, "busy", 1));
    drop((announced, filled));
    let begun = Instant::now();
    while town.submit(&entry).status != 200 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_credential_has_its_pace_and_no_other_pays_for_it() {
    let mut town = town(76, |limits| limits.ballots_per_credential_minute = 3);
    for choice in 0..3 {
        ballot(&mut town, 0, choice % 2);
    }
    town.sync();
    let last = town.sandbox.entries.last().unwrap().clone();
    let fourth = unsent(&mut town, 0, 1);
    let before = judged(&town);
    let answer = town.submit(&fourth);
    assert_eq!((answer.status, answer.code().as_str()), (429, "too-many-ballots"));
    assert!((1..=20).contains(&wait(&answer)), "{}", wait(&answer));
    assert_eq!(judged(&town), before, "it is refused before the queue");
    assert_eq!(town.submit(&last).body, town.receipts[town.sent - 1], "a receipt is given again at any time");
    // Everybody else votes.
    ballot(&mut town, 2, 0);
    town.sync();
}

#[test]
fn many_ballots_of_one_credential_at_once_do_not_pass_its_pace() {
    let mut town = Town::found_with(77, std::sync::Arc::new(MemoryIndex::new()), |config| {
        config.limits.ballots_per_credential_minute = 3;
        // Long enough for all of them to fall into one batch.
        (config.batch_wait, config.batch_idle) = (Duration::from_secs(1), Duration::from_millis(250));
    });
    town.prepare();
    let before = town.size();
    let ballots: Vec<_> = (0..9).map(|number| ballot(&mut town, 0, number % 2)).collect();
    let path = format!("/api/events/{}/entries", town.event());
    // One after another, each without waiting for the answer to the one before.
    let mut streams = Vec::new();
    for entry in &ballots {
        let mut stream = connect(&town);
        write!(stream, "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", entry.len()).unwrap();
        stream.write_all(entry).unwrap();
        streams.push(stream);
        std::thread::sleep(Duration::from_millis(10));
    }
    let answers: Vec<_> = streams.iter_mut().map(|stream| read_answer(stream).unwrap()).collect();
    let statuses: Vec<_> = answers.iter().map(|answer| answer.split(' ').nth(1).unwrap()).collect();
    assert_eq!(statuses, ["200", "200", "200", "429", "429", "429", "429", "429", "429"]);
    assert!(answers[8].to_ascii_lowercase().contains("\r\nretry-after: "), "{}", answers[8]);
    assert_eq!(town.size() - before, 3);
}

#[test]
fn garbage_in_somebodys_name_costs_that_credential_nothing_and_soon_not_the_fold_either() {
    let mut town = town(78, |limits| limits.ballots_per_credential_minute = 2);
    let victim = unsent(&mut town, 0, 0);
    let garbage: Vec<_> = (0..30_u8)
        .map(|number| {
            let mut entry = victim.clone();
            // The response of the signature, its lowest byte.
            let at = entry.len() - 32;
            entry[at] ^= number + 1;
            entry
        })
        .collect();
    let refused = town.submit(&garbage[0]);
    assert_eq!((refused.status, refused.code().as_str()), (422, "invalid-signature"));
    let before = judged(&town);
    for entry in &garbage[1..] {
        let again = town.submit(entry);
        assert_eq!((again.status, again.code().as_str()), (422, "invalid-signature"));
    }
    assert_eq!(judged(&town), before, "after the first one signatures are looked at before the queue");
    // The owner casts as many as ever.
    ballot(&mut town, 0, 0);
    ballot(&mut town, 0, 1);
    town.sync();
}

#[test]
fn whoever_signs_false_proofs_pays_for_them() {
    use voting_core::ballot::Sealed;
    use voting_core::codec;
    let mut town = town(79, |limits| limits.ballots_per_credential_minute = 3);
    let mut refused = Vec::new();
    for _ in 0..5 {
        let one = town.sandbox.seal(0, &[chosen(&[0]), chosen(&[0])]).into_parts().remove(0);
        let two = town.sandbox.seal(0, &[chosen(&[1]), chosen(&[0])]).into_parts().remove(0);
        let (mut mixed, other): (Sealed, Sealed) =
            (codec::from_bytes(&one, 65_535).unwrap(), codec::from_bytes(&two, 65_535).unwrap());
        mixed.sections[0].argument.clone_from(&other.sections[0].argument);
        let entry = town.sandbox.cast(0, &codec::to_bytes(&mixed));
        refused.push(town.submit(&entry).code());
    }
    assert_eq!(refused[..3], ["invalid-proof", "invalid-proof", "invalid-proof"]);
    assert_eq!(refused[3..], ["too-many-ballots", "too-many-ballots"]);
}

#[test]
fn what_no_state_allows_does_not_reach_the_fold() {
    let mut town = town(80, |_| ());
    let entry = ballot(&mut town, 0, 0);
    town.sync();
    // Another event, another round, a stranger: the codes are those of the fold (see the test of refusals).
    let mut elsewhere = voting_core::testing::Sandbox::opened(81);
    let foreign = elsewhere.vote(0, &[chosen(&[0]), chosen(&[0])]);
    let before = judged(&town);
    for _ in 0..10 {
        assert_eq!(town.submit(&foreign).code(), "other-event");
        assert_eq!(town.submit(b"garbage").code(), "malformed-entry");
        assert_eq!(town.submit(&vec![0; 70_000]).code(), "too-large");
    }
    assert_eq!(judged(&town), before);
    // After the round: late ballots do not either, and what was taken gets its receipt again.
    let late = unsent(&mut town, 2, 0);
    town.close();
    let before = judged(&town);
    let answer = town.submit(&late);
    assert_eq!((answer.status, answer.code().as_str()), (409, "round-closed"));
    assert_eq!(judged(&town), before);
    assert_eq!(town.submit(&entry).status, 200);
}

#[test]
fn addresses_are_limited_only_where_the_operator_wants_it() {
    let unlimited = town(82, |_| ());
    (0..200).for_each(|_| lives(&unlimited));
    drop(unlimited);
    let ask = |town: &Town, forwarded: &str| {
        let mut stream = connect(town);
        let line = if forwarded.is_empty() { String::new() } else { format!("X-Forwarded-For: {forwarded}\r\n") };
        write!(stream, "GET /api/events HTTP/1.1\r\nHost: a\r\n{line}Connection: close\r\n\r\n").unwrap();
        read_to_end(&mut stream).0
    };
    let status = |answer: &str| answer.split(' ').nth(1).unwrap().to_owned();

    // Founding takes a few requests of its own.
    let town_of = |seed, trusted: &[&str]| {
        let trusted = trusted.iter().map(|address| address.parse().unwrap()).collect();
        town(seed, |limits| (limits.requests_per_address_minute, limits.trusted_proxies) = (60, trusted))
    };
    let direct = town_of(83, &[]);
    let answers: Vec<_> = (0..70).map(|number| status(&ask(&direct, &format!("192.0.2.{number}")))).collect();
    assert!(answers.iter().any(|status| status == "429"), "nobody gets around it by a header of his own");
    let refused = ask(&direct, "");
    assert!(
        refused.to_ascii_lowercase().contains("retry-after: ") && refused.contains("too-many-requests"),
        "{refused}"
    );
    assert!(refused.to_ascii_lowercase().contains("content-security-policy"), "{refused}");
    lives(&direct);

    let behind = town_of(84, &["127.0.0.1"]);
    for number in 0..70 {
        assert_eq!(status(&ask(&behind, &format!("198.51.100.1, 192.0.2.{number}"))), "200");
    }
    let answers: Vec<_> =
        (0..70).map(|number| status(&ask(&behind, &format!("198.51.100.{number}, 192.0.2.200")))).collect();
    assert_eq!(
        answers.iter().filter(|status| *status == "200").count(),
        60,
        "what the client wrote itself is not believed"
    );
}
