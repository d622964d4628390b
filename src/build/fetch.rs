//! `ADD` of an address, as BuildKit's HTTP source does it.
//!
//! - The file is called what the last part of the address's path says (decoded), or `__unnamed__`; the name that a
//!   server proposes does not count.
//! - It is 0600 and root's, and of the time of `Last-Modified`, or of 1970.
//! - It is not unpacked, unless `--unpack` says so.
//! - Statuses from 200 to 399 are answers, all others are errors.
//!
//! BuildKit compares `--checksum` with the sha256 alone; here a sha512 can be given too.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::error::StepError;
use super::run::Answer;
use super::tree::{Content, Kind, Meta, Node, Tree};
use crate::archive::tar_write::Time;
use crate::image::Source;
use crate::oci::date::http_date;
use crate::oci::hash::hasher;
use crate::oci::{Algorithm, Digest};

/// What an address gave.
#[derive(Clone)]
pub struct Fetched {
    /// The body.
    pub body: Source,
    /// `Last-Modified` as the server wrote it.
    pub modified: Option<String>,
}

/// Gets what lies at an address: the host's, since the core opens no connections.
pub trait Fetch {
    /// Follows redirects, and gives the body of an answer. The error says why there is none.
    fn fetch<'a>(&'a self, address: &'a str) -> Answer<'a, Fetched>;
}

/// A tree with the file that lies at an address, and its name.
pub(super) async fn fetched(
    fetch: Option<&Rc<dyn Fetch>>,
    address: &str,
    checksum: Option<&str>,
) -> Result<(Tree, Vec<u8>), StepError> {
    let shown = without_password(address);
    let fetch = fetch.ok_or_else(|| StepError::Remote(shown.clone()))?;
    let wrong = |message| StepError::Fetch { address: shown.clone(), message };
    let found = fetch.fetch(address).await.map_err(wrong)?;
    if let Some(wanted) = checksum {
        let wanted: Digest = wanted.parse().map_err(|error| wrong(format!("--checksum: {error}")))?;
        let found = digest(&found.body, wanted.algorithm()).await.map_err(wrong)?;
        if found != wanted {
            return Err(StepError::FetchedOther { address: shown, wanted, found });
        }
    }
    let seconds = found.modified.as_deref().and_then(http_date).unwrap_or(0);
    let meta = Meta { mode: 0o600, mtime: Time { seconds, nanos: 0 }, ..Meta::default() };
    let size = found.body.size();
    let content = match size {
        0 => Content::bytes(Vec::new()),
        _ => Content::Source { source: found.body, offset: 0, size },
    };
    let name = file_name(address);
    let node = Rc::new(Node { meta, kind: Kind::File(content) });
    let entries = BTreeMap::from([(name.clone().into_boxed_slice(), node)]);
    let root = Node { meta: Meta { mode: 0o755, ..Meta::default() }, kind: Kind::Dir(entries) };
    Ok((Tree { root: Rc::new(root) }, name))
}

async fn digest(body: &Source, algorithm: Algorithm) -> Result<Digest, String> {
    const CHUNK: usize = 1 << 20;
    let mut hashing =
        hasher(algorithm).ok_or("--checksum: only sha256 and sha512 can be compared; give one of these")?;
    let mut at = 0;
    while at < body.size() {
        let bytes = body.read_at(at, CHUNK).await.map_err(|error| error.0)?;
        if bytes.is_empty() {
            return Err("it ends too early".to_owned());
        }
        at += bytes.len() as u64;
        hashing.update(&bytes);
    }
    Ok(hashing.finish())
}

/// The name of the file that lies at an address.
fn file_name(address: &str) -> Vec<u8> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let path = decoded(rest.split_once('/').map_or("", |(_, path)| path));
    // What Go's path.Base and BuildKit's SafeFileName make of it.
    let name = path.split(|byte| *byte == b'/').rfind(|part| !part.is_empty()).unwrap_or_default();
    match name {
        b"" | b"." | b".." => b"__unnamed__".to_vec(),
        name if name.contains(&0) => b"__unnamed__".to_vec(),
        name => name.to_vec(),
    }
}

/// With `%41` as what it stands for.
fn decoded(text: &str) -> Vec<u8> {
    let hex = |byte: Option<&u8>| (*byte? as char).to_digit(16);
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        match (first, hex(after.first()), hex(after.get(1))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

/// An address that can be shown: a user name and password in it are nobody's business.
fn without_password(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest.get(..end).and_then(|host| host.rfind('@')) {
        Some(at) => format!("{scheme}://…@{}", rest.get(at + 1..).unwrap_or_default()),
        None => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_address() {
        for (address, name) in [
            ("https://e.org/a/b.tar.gz?x=/y#z", "b.tar.gz"),
            ("https://e.org/a/", "a"),
            ("https://e.org/%C3%A9%20x", "é x"),
            ("https://e.org/a%2Fb", "b"),
            ("https://e.org/a%2F..", "__unnamed__"),
            ("https://e.org", "__unnamed__"),
            ("https://e.org/?file=x", "__unnamed__"),
            ("https://e.org/100%", "100%"),
        ] {
            assert_eq!(String::from_utf8_lossy(&file_name(address)), name, "{address}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(without_password("https://me:secret@e.org/a@b"), "https://…@e.org/a@b");
        assert_eq!(without_password("https://e.org/a@b"), "https://e.org/a@b");
    }
}
