//! Image references as a `FROM` writes them, brought into full form.
//!
//! The grammar and the defaults are those of `distribution/reference`: `alpine` is `docker.io/library/alpine:latest`.

use thiserror::Error;

/// Why a text is no image reference.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs)] // the messages say it
pub enum ReferenceError {
    #[error("{0:?} is no image reference: write [registry/]name[:tag][@digest]")]
    Format(String),
    #[error("repository name {0:?} must be lowercase")]
    Uppercase(String),
    #[error("the name in {0:?} is longer than 255 characters")]
    TooLong(String),
    #[error("the digest in {0:?} is not valid: write sha256: and 64 hexadecimal digits")]
    Digest(String),
}

impl ReferenceError {
    /// The error's stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Format(_) => "REFERENCE_INVALID",
            Self::Uppercase(_) => "REFERENCE_UPPERCASE",
            Self::TooLong(_) => "REFERENCE_TOO_LONG",
            Self::Digest(_) => "REFERENCE_DIGEST",
        }
    }
}

/// The full form of a reference: registry, path, and tag or digest.
///
/// # Errors
/// Where the grammar of references does not allow it.
///
/// ```
/// use layerwright::plan::reference::normalize;
/// assert_eq!(normalize("alpine").unwrap(), "docker.io/library/alpine:latest");
/// assert_eq!(normalize("localhost:5000/x:1").unwrap(), "localhost:5000/x:1");
/// assert!(normalize("alpine:").is_err());
/// ```
pub fn normalize(text: &str) -> Result<String, ReferenceError> {
    let format = || ReferenceError::Format(text.to_owned());
    if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(format());
    }
    let (mut domain, mut rest) = match text.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" || first.to_lowercase() != first => {
            (first, rest.to_owned())
        }
        _ => ("docker.io", text.to_owned()),
    };
    if domain == "index.docker.io" {
        domain = "docker.io";
    }
    if domain == "docker.io" && !rest.contains('/') {
        rest.insert_str(0, "library/");
    }
    let name = rest.split(':').next().unwrap_or("");
    if name.to_lowercase() != name {
        return Err(ReferenceError::Uppercase(name.to_owned()));
    }
    let (before_digest, digest) = rest.split_once('@').map_or((rest.as_str(), None), |(b, d)| (b, Some(d)));
    let (path, tag) = before_digest.split_once(':').map_or((before_digest, None), |(p, t)| (p, Some(t)));
    if !is_domain(domain) || !path.split('/').all(is_component) || !tag.is_none_or(is_tag) {
        return Err(format());
    }
    if path.len() > 255 {
        return Err(ReferenceError::TooLong(text.to_owned()));
    }
    if let Some(digest) = digest {
        if !looks_like_digest(digest) {
            return Err(format());
        }
        if !is_digest(digest) {
            return Err(ReferenceError::Digest(text.to_owned()));
        }
    }
    let tag = match (tag, digest) {
        (Some(tag), _) => format!(":{tag}"),
        (None, Some(_)) => String::new(),
        (None, None) => ":latest".to_owned(),
    };
    let digest = digest.map_or_else(String::new, |d| format!("@{d}"));
    Ok(format!("{domain}/{path}{tag}{digest}"))
}

/// The short form of a full reference, as people write it: without Docker Hub's prefix.
pub fn familiar(full: &str) -> &str {
    let short = full.strip_prefix("docker.io/").unwrap_or(full);
    short.strip_prefix("library/").filter(|s| !s.contains('/')).unwrap_or(short)
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (domain, None),
    };
    let label = |l: &str| {
        !l.is_empty()
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let ipv6 = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let host_ok = match ipv6 {
        Some(inner) => !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_hexdigit() || b == b':'),
        None => host.split('.').all(label),
    };
    host_ok && port.is_none_or(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
}

/// Lower-case letters and digits, parted by one of `_`, `.`, `__` or dashes.
fn is_component(component: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = component.as_bytes();
    let ends = bytes.first().is_some_and(|&b| word(b)) && bytes.last().is_some_and(|&b| word(b));
    ends && bytes
        .split(|&b| word(b))
        .all(|between| matches!(between, b"" | b"_" | b"." | b"__") || between.iter().all(|&b| b == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=128).contains(&tag.len())
        && tag.bytes().enumerate().all(|(i, b)| word(b) || (i > 0 && matches!(b, b'.' | b'-')))
}

fn looks_like_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let parts = algorithm.split(['-', '_', '+', '.']);
    let named =
        |p: &str| p.starts_with(|c: char| c.is_ascii_alphabetic()) && p.bytes().all(|b| b.is_ascii_alphanumeric());
    parts.into_iter().all(named) && hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether this is a digest of an algorithm that images use.
pub fn is_digest(digest: &str) -> bool {
    let length = match digest.split_once(':') {
        Some(("sha256", hex)) if hex.len() == 64 => hex,
        Some(("sha384", hex)) if hex.len() == 96 => hex,
        Some(("sha512", hex)) if hex.len() == 128 => hex,
        _ => return false,
    };
    length.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::normalize;

    #[test]
    fn full_forms() {
        for (short, full) in [
            ("busybox", "docker.io/library/busybox:latest"),
            ("docker/dockerfile:1", "docker.io/docker/dockerfile:1"),
            ("ghcr.io/a/b", "ghcr.io/a/b:latest"),
            ("a__b", "docker.io/library/a__b:latest"),
        ] {
            assert_eq!(normalize(short).as_deref(), Ok(full));
        }
        for bad in ["", "SCRATCH", "a//b", "a:", "a@sha256:abc", "-a", "a_", "a___b", "a b"] {
            assert!(normalize(bad).is_err(), "{bad}");
        }
    }
}
