//! The generator: connections that are kept open, each with one request under way at most. Plain HTTP/1.1 by hand: the
//! bytes of a request are laid out before it is due, and an answer is read into a buffer that is used again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::failure::Failure;
use crate::receipts::{Judge, Receipt};

/// Every so many answers one is verified at once.
const SAMPLE: usize = 512;
/// Largest answer that is read in bytes.
const LARGEST: usize = 1 << 20;

/// What is sent.
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    /// The path of submissions.
    pub(crate) path: String,
    pub(crate) ballots: Arc<Vec<Vec<u8>>>,
    pub(crate) connections: usize,
    /// Ballots due in a second; one after another on each connection if there is none.
    pub(crate) rate: Option<f64>,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) receipts: Vec<Receipt>,
    /// From when a ballot was sent, or due, to its receipt.
    pub(crate) micros: Vec<u64>,
    pub(crate) sampled: usize,
    /// Answers that are no receipts.
    pub(crate) refused: usize,
    pub(crate) example: Option<String>,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
}

struct Answer {
    status: u16,
    body: Box<[u8]>,
}

/// Sends all ballots.
pub(crate) fn send(load: &Load, judge: Arc<Judge>) -> Result<Taken, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Wrong(error.to_string()))?;
    runtime.block_on(send_all(load, judge))
}

async fn send_all(load: &Load, judge: Arc<Judge>) -> Result<Taken, Failure> {
    let failed = |error: std::io::Error| Failure::Wrong(format!("connection: {error}"));
    let mut streams = Vec::with_capacity(load.connections);
    for _ in 0..load.connections {
        let stream = TcpStream::connect(load.address).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        streams.push(stream);
    }
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for stream in streams {
        let connection = Connection {
            stream,
            buffer: Vec::with_capacity(4_096),
            path: load.path.clone(),
            ballots: Arc::clone(&load.ballots),
            next: Arc::clone(&next),
            judge: Arc::clone(&judge),
            begun,
            rate: load.rate,
        };
        tasks.spawn(connection.run());
    }
    let mut taken = Taken::default();
    while let Some(done) = tasks.join_next().await {
        let mut part = done.map_err(|error| Failure::Wrong(error.to_string()))??;
        taken.receipts.append(&mut part.receipts);
        taken.micros.append(&mut part.micros);
        taken.sampled += part.sampled;
        taken.refused += part.refused;
        taken.example = taken.example.or(part.example);
        taken.elapsed = taken.elapsed.max(part.elapsed);
    }
    Ok(taken)
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    path: String,
    ballots: Arc<Vec<Vec<u8>>>,
    next: Arc<AtomicUsize>,
    judge: Arc<Judge>,
    begun: Instant,
    rate: Option<f64>,
}

impl Connection {
    async fn run(mut self) -> Result<Taken, Failure> {
        let mut taken = Taken::default();
        let ballots = Arc::clone(&self.ballots);
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(ballot) = ballots.get(number) else { return Ok(taken) };
            let head = format!(
                "POST {} HTTP/1.1\r\nhost: load.example\r\ncontent-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
                self.path,
                ballot.len()
            );
            let request = [head.as_bytes(), ballot].concat();
            let mut since = Instant::now();
            if let Some(rate) = self.rate {
                since = self.begun + Duration::from_secs_f64(number as f64 / rate);
                tokio::time::sleep_until(since.into()).await;
            }
            let answer = self.exchange(&request).await.map_err(|e| Failure::Wrong(format!("connection: {e}")))?;
            taken.elapsed = self.begun.elapsed();
            if answer.status != 200 {
                taken.refused += 1;
                let words = String::from_utf8_lossy(&answer.body).into_owned();
                taken.example.get_or_insert(format!("{}: {words}", answer.status));
                continue;
            }
            taken.micros.push(u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX));
            if number.is_multiple_of(SAMPLE) {
                let verified = self.judge.verify(ballot, &answer.body);
                verified.map_err(|what| Failure::Wrong(format!("a receipt proves nothing: {what}")))?;
                taken.sampled += 1;
            }
            taken.receipts.push(Receipt { ballot: number, bytes: answer.body });
        }
    }

    async fn exchange(&mut self, request: &[u8]) -> std::io::Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if let Some((status, head, length)) = head_of(&self.buffer)? {
                while self.buffer.len() < head + length {
                    self.read().await?;
                }
                let body = self.buffer.get(head..head + length).unwrap_or_default().into();
                return Ok(Answer { status, body });
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> std::io::Result<()> {
        if self.buffer.len() > LARGEST {
            return Err(std::io::Error::other("an answer is too long"));
        }
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// Status, length of the head and length of the body, if the head is complete.
fn head_of(bytes: &[u8]) -> std::io::Result<Option<(u16, usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let strange = || std::io::Error::other("an answer without status or length");
    let head = std::str::from_utf8(bytes.get(..end).unwrap_or_default()).map_err(|_| strange())?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or_else(strange)?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    Ok(Some((status, end + 4, length.ok_or_else(strange)?)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn heads_of_answers_are_read() {
        let answer = b"HTTP/1.1 200 OK\r\nX-Urna-Index: 7\r\nContent-Length: 12\r\n\r\nabc";
        assert_eq!(head_of(answer).unwrap(), Some((200, answer.len() - 3, 12)));
        assert_eq!(head_of(&answer[..answer.len() - 5]).unwrap(), None);
        assert!(head_of(b"HTTP/1.1 200 OK\r\n\r\n").is_err(), "no length");
        assert!(head_of(b"nonsense\r\n\r\n").is_err());
    }
}
