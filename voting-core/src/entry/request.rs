//! Signed requests to a board that are no entries.

use super::{OfficialKey, verify_signature};
use crate::codec::{Malformed, Reader, Writer, signed_pair};
use crate::ids::SigningKeyId;

/// Most bytes of a request: those of a label file and some.
const MAX_REQUEST: usize = crate::labels::MAX_FILE + 65_536;

/// A signed request to a board that is no entry: to reserve an event, to found it, to deposit its labels.
///
/// The bytes are `[purpose, host, action, payload, time, key, signature]`; the signature covers all before it.
#[must_use]
pub fn sign_request(host: &str, action: &str, payload: &[u8], time: u64, key: &OfficialKey) -> Vec<u8> {
    let head = request_head(host, action, payload, time, &key.public());
    signed_pair(&head, &key.sign(&head))
}

fn request_head(host: &str, action: &str, payload: &[u8], time: u64, key: &SigningKeyId) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.array(6);
    writer.text("urna/v1/request");
    writer.text(host);
    writer.text(action);
    writer.bytes(payload);
    writer.uint(time);
    writer.bytes(key.as_bytes());
    writer.finish()
}

/// What a signed request says, and who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it carries.
    pub payload: Vec<u8>,
    /// The signer's clock in seconds since 1970-01-01 UTC; the board refuses what is too old.
    pub time: u64,
    /// Who signed it.
    pub key: SigningKeyId,
}

/// Opens a request for this host and action. Whether its key may do this is the caller's question.
///
/// # Errors
/// [`Malformed`], also for another host or action and for a wrong signature.
pub fn open_request(bytes: &[u8], host: &str, action: &str) -> Result<Request, Malformed> {
    let bad = |what| Malformed { what, offset: 0 };
    if bytes.len() > MAX_REQUEST {
        return Err(Malformed { what: "request", offset: MAX_REQUEST });
    }
    let mut outer = Reader::new(bytes);
    outer.array(2, "request")?;
    let head = outer.bytes("request")?;
    let signature = outer.fixed("signature of a request")?;
    if outer.position() != bytes.len() {
        return Err(bad("request"));
    }
    // One encoding of the shell (A3); the head is compared with the expected one below.
    if signed_pair(head, &signature) != bytes {
        return Err(bad("request"));
    }
    let mut r = Reader::new(head);
    r.array(6, "request")?;
    let _purpose = r.text(64, "purpose of a request")?;
    let _host = r.text(255, "host of a request")?;
    let _action = r.text(64, "action of a request")?;
    let payload = r.bytes("payload of a request")?;
    let time = r.uint("time of a request")?;
    let key = SigningKeyId(r.fixed("key of a request")?);
    // Purpose, host and action are compared by encoding the request that was expected.
    if request_head(host, action, payload, time, &key) != head {
        return Err(bad("request for another host or action"));
    }
    if !verify_signature(&key, head, &signature) {
        return Err(bad("signature of the request"));
    }
    Ok(Request { payload: payload.to_vec(), time, key })
}
