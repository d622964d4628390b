//! Image references: `[domain/]path[:tag][@digest]`, by the grammar of distribution/reference.

use std::fmt;

use super::{Digest, DigestError};

/// A reference as written, in its parts. Nothing is filled in: `alpine` has no domain here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The registry's host and port, if the first component can be one.
    pub domain: Option<String>,
    /// The repository's path.
    pub path: String,
    /// The tag.
    pub tag: Option<String>,
    /// The digest.
    pub digest: Option<Digest>,
}

/// Why a text is not a reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The name has characters or an order that the grammar has not.
    #[error("`{0}` is not an image name: lower-case letters, digits and separators, as in example.com/team/app")]
    Name(String),
    /// The tag is longer than 128 characters or has others than letters, digits, `_`, `.` and `-`.
    #[error("`{0}` is not a tag: up to 128 letters, digits, `_`, `.` and `-`")]
    Tag(String),
    /// What follows the `@` is no digest.
    #[error(transparent)]
    Digest(#[from] DigestError),
}

impl ReferenceError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        "REFERENCE_INVALID"
    }
}

impl Reference {
    /// Parses a reference.
    ///
    /// # Errors
    /// [`ReferenceError`] naming the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse::<Digest>()?)),
            None => (text, None),
        };
        // A colon before the last slash belongs to the domain's port.
        let slash = rest.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match rest.get(slash..).unwrap_or_default().split_once(':') {
            Some((last, tag)) => (rest.get(..slash + last.len()).unwrap_or_default(), Some(tag)),
            None => (rest, None),
        };
        if let Some(tag) = tag
            && !valid_tag(tag)
        {
            return Err(ReferenceError::Tag(tag.chars().take(200).collect()));
        }
        let wrong = || ReferenceError::Name(name.chars().take(200).collect());
        let (domain, path) = match name.split_once('/') {
            Some((first, path))
                if first == "localhost"
                    || first.contains(['.', ':'])
                    || first.bytes().any(|b| b.is_ascii_uppercase()) =>
            {
                if !valid_domain(first) {
                    return Err(wrong());
                }
                (Some(first.to_owned()), path)
            }
            _ => (None, name),
        };
        if name.len() > 255 || !path.split('/').all(valid_component) {
            return Err(wrong());
        }
        Ok(Self { domain, path: path.to_owned(), tag: tag.map(str::to_owned), digest })
    }

    /// The name without tag and digest.
    pub fn name(&self) -> String {
        match &self.domain {
            Some(domain) => format!("{domain}/{}", self.path),
            None => self.path.clone(),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name())?;
        if let Some(tag) = &self.tag {
            write!(out, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(out, "@{digest}")?;
        }
        Ok(())
    }
}

/// `[\w][\w.-]{0,127}`.
pub fn valid_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && tag.bytes().enumerate().all(|(at, byte)| word(byte) || (at > 0 && matches!(byte, b'.' | b'-')))
        && !tag.is_empty()
}

/// Lower-case alphanumerics joined by `.`, `_`, `__` or any number of `-`.
fn valid_component(component: &str) -> bool {
    let bytes = component.as_bytes();
    let alnum = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if !bytes.first().is_some_and(alnum) || !bytes.last().is_some_and(alnum) {
        return false;
    }
    bytes
        .split(|byte| alnum(byte))
        .all(|separator| matches!(separator, b"" | b"." | b"_" | b"__") || separator.iter().all(|byte| *byte == b'-'))
}

fn valid_domain(domain: &str) -> bool {
    let (host, port) = if domain.starts_with('[') {
        match domain.split_once(']') {
            Some((inside, rest)) => {
                let inside = inside.trim_start_matches('[');
                if inside.is_empty() || !inside.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':') {
                    return false;
                }
                return rest.is_empty() || rest.strip_prefix(':').is_some_and(valid_port);
            }
            None => return false,
        }
    } else {
        match domain.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (domain, None),
        }
    };
    port.is_none_or(valid_port)
        && host.split('.').all(|label| {
            let bytes = label.as_bytes();
            bytes.first().is_some_and(u8::is_ascii_alphanumeric)
                && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
                && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        })
}

fn valid_port(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_into_its_parts() {
        let hex = "a".repeat(64);
        let text = format!("localhost:5000/team/app:1.0@sha256:{hex}");
        let reference = Reference::parse(&text).unwrap();
        assert_eq!(reference.domain.as_deref(), Some("localhost:5000"));
        assert_eq!(reference.path, "team/app");
        assert_eq!(reference.tag.as_deref(), Some("1.0"));
        assert_eq!(reference.to_string(), text);
        assert_eq!(Reference::parse("library/alpine").unwrap().domain, None);
        assert_eq!(Reference::parse("a__b/c--d.e").unwrap().path, "a__b/c--d.e");
    }

    #[test]
    fn refuses_what_is_no_reference() {
        for text in [
            "",
            ":tag",
            "a:",
            "A/b:..",
            "../etc",
            "a//b",
            "a/b/",
            "-a",
            "a_",
            "a:b c",
            "a.-b",
            "http://x/y",
            "a@sha256:1",
        ] {
            assert!(Reference::parse(text).is_err(), "{text:?}");
        }
    }
}
