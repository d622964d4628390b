//! Content digests, parsed once and printed back the same.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The hash function that a digest names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// SHA-256, the usual one.
    Sha256,
    /// SHA-512, the other one that the image specification registers and that we compute.
    Sha512,
    /// Any other, `blake3` too. The digest is well formed, and nothing can be checked against it.
    Other,
}

impl Algorithm {
    /// The name in front of the colon, or `None` for one that we cannot compute.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Sha256 => Some("sha256"),
            Self::Sha512 => Some("sha512"),
            Self::Other => None,
        }
    }
}

/// A content digest: `algorithm:encoded`, checked against the grammar of the image specification
/// (descriptor.md, "Digests"). `sha256` and `blake3` have exactly 64 lower-case hexadecimal digits, `sha512` 128.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    text: Box<str>,
    colon: u16,
    algorithm: Algorithm,
}

/// Why a text is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// No colon, an empty part, or a character that the grammar has not.
    #[error("`{0}` is not a digest: expected algorithm:hex, as in sha256:e3b0c442…")]
    Syntax(String),
    /// A sha256, sha512 or blake3 digest of the wrong length or with other characters than 0-9 and a-f.
    #[error("`{text}` is not a {algorithm} digest: expected {expected} lower-case hexadecimal digits")]
    Encoded {
        /// The text as given (cut at 200 characters).
        text: String,
        /// The algorithm it names.
        algorithm: &'static str,
        /// How many digits that algorithm has.
        expected: usize,
    },
}

impl DigestError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        "DIGEST_INVALID"
    }
}

/// At most 200 characters of a text from outside, for messages.
fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}

impl Digest {
    /// The sha256 digest with these 32 bytes.
    pub fn sha256(hash: &[u8; 32]) -> Self {
        Self::of(Algorithm::Sha256, "sha256", hash)
    }

    /// The sha512 digest with these 64 bytes.
    pub fn sha512(hash: &[u8; 64]) -> Self {
        Self::of(Algorithm::Sha512, "sha512", hash)
    }

    fn of(algorithm: Algorithm, name: &str, hash: &[u8]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(name.len() + 1 + hash.len() * 2);
        text.push_str(name);
        text.push(':');
        for byte in hash {
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        }
        Self { text: text.into(), colon: name.len() as u16, algorithm }
    }

    /// The whole text, `algorithm:encoded`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The hash function.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The name in front of the colon, as written.
    pub fn algorithm_name(&self) -> &str {
        self.text.get(..usize::from(self.colon)).unwrap_or_default()
    }

    /// What follows the colon.
    pub fn encoded(&self) -> &str {
        self.text.get(usize::from(self.colon) + 1..).unwrap_or_default()
    }

    /// The path of the blob in an OCI layout: `blobs/<algorithm>/<encoded>`.
    pub fn blob_path(&self) -> String {
        format!("blobs/{}/{}", self.algorithm_name(), self.encoded())
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let syntax = || DigestError::Syntax(shorten(text));
        let (name, encoded) = text.split_once(':').ok_or_else(syntax)?;
        let component = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if name.len() > 64
            || encoded.is_empty()
            || encoded.len() > 1024
            || !name.split(['+', '.', '_', '-']).all(component)
        {
            return Err(syntax());
        }
        if !encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'_' | b'-')) {
            return Err(syntax());
        }
        let (algorithm, digits) = match name {
            "sha256" => (Algorithm::Sha256, Some(("sha256", 64))),
            "sha512" => (Algorithm::Sha512, Some(("sha512", 128))),
            // Registered, and not computed: see `Algorithm::Other`.
            "blake3" => (Algorithm::Other, Some(("blake3", 64))),
            _ => (Algorithm::Other, None),
        };
        if let Some((name, expected)) = digits {
            let hex = encoded.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
            if encoded.len() != expected || !hex {
                return Err(DigestError::Encoded { text: shorten(text), algorithm: name, expected });
            }
        }
        Ok(Self { text: text.into(), colon: name.len() as u16, algorithm })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_back_what_was_parsed() {
        let text = format!("sha256:{}", "0f".repeat(32));
        let digest: Digest = text.parse().unwrap();
        assert_eq!(digest.to_string(), text);
        assert_eq!(digest.algorithm(), Algorithm::Sha256);
        assert_eq!(digest.blob_path(), format!("blobs/sha256/{}", "0f".repeat(32)));
        assert_eq!(Digest::sha256(&[0x0f; 32]), digest);
    }

    #[test]
    fn unknown_algorithms_pass_the_grammar_only() {
        assert_eq!("md5:d41d8cd98f00b204e9800998ecf8427e".parse::<Digest>().unwrap().algorithm(), Algorithm::Other);
        assert!("sha256+b64:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564".parse::<Digest>().is_ok());
    }

    #[test]
    fn refuses_what_is_no_digest() {
        let hex = "a".repeat(64);
        for text in [
            String::new(),
            hex.clone(),
            "sha256:".into(),
            format!("sha256:{}", "A".repeat(64)),
            format!("SHA256:{hex}"),
            format!("sha256:{hex}a"),
            format!("sha512:{hex}"),
            format!("sha256:{hex}\n"),
            "sha256:../../etc/passwd".into(),
            format!("sha256 :{hex}"),
            format!("+sha256:{hex}"),
        ] {
            assert!(text.parse::<Digest>().is_err(), "{text:?}");
        }
    }
}
