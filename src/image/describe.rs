//! Reads documents leniently: what is right is taken, what is wrong is a finding with its place.

use serde_json::{Map, Value};

use super::finding::{ImageFinding, Severity};
use crate::oci::json::push_key;
use crate::oci::{Algorithm, Digest, MediaKind, MediaType, Platform};

/// A descriptor as far as it can be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Described {
    pub(crate) media_type: MediaType,
    pub(crate) digest: Option<Digest>,
    pub(crate) size: Option<u64>,
    pub(crate) urls: Vec<String>,
    pub(crate) annotations: Map<String, Value>,
    pub(crate) data: Option<Vec<u8>>,
    pub(crate) artifact_type: Option<String>,
    pub(crate) platform: Option<Platform>,
    pub(crate) path: String,
}

impl Described {
    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.get(key).and_then(Value::as_str)
    }
}

/// Collects findings about one document.
pub(crate) struct Notes<'a> {
    pub(crate) document: &'a str,
    pub(crate) findings: &'a mut Vec<ImageFinding>,
}

const MANIFEST_KEYS: &[&str] =
    &["schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations"];
const DESCRIPTOR_KEYS: &[&str] =
    &["mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform"];
const CONFIG_KEYS: &[&str] = &["architecture", "os", "config", "rootfs", "history", "created", "author", "variant"];
const PLATFORM_KEYS: &[&str] = &["architecture", "os", "os.version", "os.features", "variant"];
/// The keys of annotations.md behind `org.opencontainers.image.`.
const ANNOTATIONS: &[&str] = &[
    "created",
    "authors",
    "url",
    "documentation",
    "source",
    "version",
    "revision",
    "vendor",
    "licenses",
    "ref.name",
    "title",
    "description",
    "base.digest",
    "base.name",
];
/// The sha256 of `{}`.
const EMPTY: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const ROOTFS_KEYS: &[&str] = &["type", "diff_ids"];

impl Notes<'_> {
    pub(crate) fn add(&mut self, finding: ImageFinding) {
        if self.findings.len() < 5000 {
            self.findings.push(finding.in_document(self.document));
        }
    }

    pub(crate) fn error(&mut self, code: &str, at: &str, message: impl Into<String>) {
        self.add(ImageFinding::error(code, message).at(at));
    }

    pub(crate) fn warning(&mut self, code: &str, at: &str, message: impl Into<String>) {
        self.add(ImageFinding::warning(code, message).at(at));
    }

    pub(crate) fn info(&mut self, code: &str, at: &str, message: impl Into<String>) {
        self.add(ImageFinding::new(code, Severity::Info, message).at(at));
    }

    /// Keys that differ from known ones in case only: readers that ignore case take them for those.
    fn key_case(&mut self, object: &Map<String, Value>, known: &[&str], at: &str) {
        for key in object.keys() {
            if let Some(meant) = known.iter().find(|known| **known != key.as_str() && known.eq_ignore_ascii_case(key)) {
                let mut path = at.to_owned();
                push_key(&mut path, key);
                self.warning("JSON_KEY_CASE", &path, format!("readers that ignore case take `{key}` for `{meant}`"));
            }
        }
    }

    pub(crate) fn manifest_keys(&mut self, object: &Map<String, Value>) {
        self.key_case(object, MANIFEST_KEYS, "$");
    }

    pub(crate) fn config_keys(&mut self, object: &Map<String, Value>) {
        self.key_case(object, CONFIG_KEYS, "$");
        if let Some(Value::Object(rootfs)) = object.get("rootfs") {
            self.key_case(rootfs, ROOTFS_KEYS, "$.rootfs");
        }
    }

    pub(crate) fn annotations(&mut self, value: Option<&Value>, at: &str) -> Map<String, Value> {
        match value {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Object(map)) => {
                for (key, value) in map {
                    let mut path = at.to_owned();
                    push_key(&mut path, key);
                    let Some(text) = value.as_str() else {
                        self.warning("ANNOTATION_NOT_STRING", &path, "the value of an annotation is no string");
                        continue;
                    };
                    let Some(own) = key.strip_prefix("org.opencontainers.image.") else { continue };
                    match own {
                        "created" if !is_rfc3339(text) => {
                            self.warning("ANNOTATION_VALUE", &path, "this is no date and time as RFC 3339 writes them");
                        }
                        "base.digest" if text.parse::<Digest>().is_err() => {
                            self.warning("ANNOTATION_VALUE", &path, "the digest of the base image is none");
                        }
                        _ if ANNOTATIONS.contains(&own) => {}
                        _ => self.info(
                            "ANNOTATION_RESERVED",
                            &path,
                            "org.opencontainers is reserved, and has no such key",
                        ),
                    }
                }
                map.clone()
            }
            Some(_) => {
                self.warning("ANNOTATIONS_INVALID", at, "annotations are no object");
                Map::new()
            }
        }
    }

    pub(crate) fn digest(&mut self, value: Option<&Value>, at: &str) -> Option<Digest> {
        let Some(text) = value.and_then(Value::as_str) else {
            self.error("DIGEST_MISSING", at, "there is no digest");
            return None;
        };
        match text.parse::<Digest>() {
            Ok(digest) => {
                if digest.algorithm() == Algorithm::Other {
                    let message = format!("`{}` is no algorithm that can be checked", digest.algorithm_name());
                    self.warning("DIGEST_UNVERIFIABLE", at, message);
                }
                Some(digest)
            }
            Err(error) => {
                self.error(error.code(), at, error.to_string());
                None
            }
        }
    }

    fn size(&mut self, value: Option<&Value>, at: &str) -> Option<u64> {
        match value {
            Some(Value::Number(number)) => {
                if let Some(size) = number.as_u64().filter(|size| *size <= i64::MAX as u64) {
                    return Some(size);
                }
                if let Some(float) = number.as_f64()
                    && number.is_f64()
                    && float.fract() == 0.0
                    && float.is_sign_positive()
                    && float < 9e15
                {
                    self.warning("SIZE_NOT_INTEGER", at, "the size is written as a float: many readers refuse it");
                    return Some(float as u64);
                }
                self.error("SIZE_INVALID", at, format!("`{number}` is no size: expected an integer from 0"));
            }
            None => self.error("SIZE_MISSING", at, "there is no size"),
            Some(_) => self.error("SIZE_INVALID", at, "the size is no number"),
        }
        None
    }

    /// A descriptor at a place in the document.
    pub(crate) fn descriptor(&mut self, value: &Value, at: &str) -> Described {
        let mut found = Described { path: at.to_owned(), ..Described::default() };
        let Some(object) = value.as_object() else {
            self.error("DESCRIPTOR_INVALID", at, "a descriptor is no object");
            return found;
        };
        self.key_case(object, DESCRIPTOR_KEYS, at);
        let media = object.get("mediaType").and_then(Value::as_str).unwrap_or_default();
        if media.is_empty() {
            self.error("MEDIA_TYPE_MISSING", &format!("{at}.mediaType"), "there is no media type");
        } else if !valid_media_type(media) {
            self.error("MEDIA_TYPE_INVALID", &format!("{at}.mediaType"), "this is no media type");
        }
        found.media_type = media.into();
        found.digest = self.digest(object.get("digest"), &format!("{at}.digest"));
        found.size = self.size(object.get("size"), &format!("{at}.size"));
        found.annotations = self.annotations(object.get("annotations"), &format!("{at}.annotations"));
        found.artifact_type = self.artifact_type(object, at).map(str::to_owned);
        match object.get("urls") {
            None | Some(Value::Null) => {}
            Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
                found.urls = list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                if !found.urls.iter().all(|url| valid_uri(url)) {
                    self.warning("URLS_INVALID", &format!("{at}.urls"), "an address is none that RFC 3986 allows");
                }
            }
            Some(_) => self.warning("URLS_INVALID", &format!("{at}.urls"), "urls are no list of strings"),
        }
        if let Some(data) = object.get("data").filter(|data| !data.is_null()) {
            let at = format!("{at}.data");
            match data.as_str().map(decode_base64) {
                Some(Ok(bytes)) => found.data = Some(bytes),
                Some(Err(Base64::Spaces(bytes))) => {
                    self.warning(
                        "DATA_NOT_CANONICAL",
                        &at,
                        "embedded data have line breaks: strict readers refuse them",
                    );
                    found.data = Some(bytes);
                }
                _ => {
                    self.error("DATA_INVALID", &at, "embedded data are no base64");
                }
            }
        }
        found.platform = self.platform(object.get("platform"), &format!("{at}.platform"));
        if found.media_type.kind() == MediaKind::Empty {
            let digest = found.digest.as_ref().filter(|digest| digest.algorithm() == Algorithm::Sha256);
            if found.size.is_some_and(|size| size != 2) || digest.is_some_and(|digest| digest.encoded() != EMPTY) {
                self.warning("EMPTY_DESCRIPTOR_MISMATCH", at, "the media type of `{}` stands for other content");
            }
        }
        // `data` must be the content.
        if let (Some(data), Some(digest)) = (&found.data, &found.digest) {
            let right_size = found.size.is_none_or(|size| size == data.len() as u64);
            let computed = crate::oci::hash::digest(digest.algorithm(), data);
            if !right_size || computed.is_some_and(|computed| computed != *digest) {
                self.error("DATA_MISMATCH", &format!("{at}.data"), "embedded data are not the content named");
            }
        }
        found
    }

    /// A platform of a descriptor.
    fn platform(&mut self, value: Option<&Value>, at: &str) -> Option<Platform> {
        let platform = match value? {
            Value::Object(platform) => platform,
            Value::Null => return None,
            _ => {
                self.warning("PLATFORM_INVALID", at, "the platform is no object");
                return None;
            }
        };
        self.key_case(platform, PLATFORM_KEYS, at);
        for key in ["architecture", "os"] {
            if platform.get(key).and_then(Value::as_str).is_none_or(str::is_empty) {
                self.warning("PLATFORM_INVALID", &format!("{at}.{key}"), format!("the platform has no {key}"));
            }
        }
        let text = |key: &str| platform.get(key).and_then(Value::as_str).map(str::to_owned);
        for key in ["os.version", "variant"] {
            if platform.get(key).is_some_and(|value| !value.is_string() && !value.is_null()) {
                let mut path = at.to_owned();
                push_key(&mut path, key);
                self.warning("PLATFORM_INVALID", &path, format!("{key} is no text"));
            }
        }
        let features = platform.get("os.features").and_then(Value::as_array);
        Some(Platform {
            architecture: text("architecture").unwrap_or_default(),
            os: text("os").unwrap_or_default(),
            os_version: text("os.version"),
            os_features: features
                .map(|list| list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                .unwrap_or_default(),
            variant: text("variant"),
        })
    }

    /// `artifactType`, if there is one: a media type.
    pub(crate) fn artifact_type<'v>(&mut self, object: &'v Map<String, Value>, at: &str) -> Option<&'v str> {
        let value = object.get("artifactType").filter(|value| !value.is_null())?;
        let text = value.as_str();
        if text.is_none_or(|text| !text.is_empty() && !valid_media_type(text)) {
            self.warning("ARTIFACT_TYPE_INVALID", &format!("{at}.artifactType"), "artifactType is no media type");
        }
        text
    }

    /// A list of descriptors. `None` if it is absent or no list.
    pub(crate) fn descriptors(&mut self, value: Option<&Value>, at: &str) -> Option<Vec<Described>> {
        let list = value?.as_array()?;
        let mut out = Vec::new();
        for (number, item) in list.iter().enumerate() {
            out.push(self.descriptor(item, &format!("{at}[{number}]")));
        }
        Some(out)
    }

    /// `schemaVersion` is 2.
    pub(crate) fn schema_version(&mut self, object: &Map<String, Value>, expected: u64) {
        let version = object.get("schemaVersion");
        if version.and_then(Value::as_u64) != Some(expected) {
            let message = match version {
                None => "there is no schemaVersion".to_owned(),
                Some(_) => format!("schemaVersion is not the number {expected}"),
            };
            self.error("SCHEMA_VERSION_INVALID", "$.schemaVersion", message);
        }
    }

    /// What the document says it is agrees with what its descriptor says.
    pub(crate) fn own_media_type(&mut self, object: &Map<String, Value>, expected: &MediaType) {
        match object.get("mediaType") {
            None | Some(Value::Null) => {}
            Some(Value::String(own)) if own.is_empty() || *own == expected.0 => {}
            Some(own) => {
                let message = format!("the descriptor says {expected}, the document {own}");
                self.error("MEDIA_TYPE_MISMATCH", "$.mediaType", message);
            }
        }
    }

    /// A moment, if it is there: RFC 3339.
    pub(crate) fn created(&mut self, value: Option<&Value>, at: &str) {
        match value {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if is_rfc3339(text) => {}
            Some(_) => self.warning("CREATED_INVALID", at, "this is no date and time as RFC 3339 writes them"),
        }
    }

    /// The parameters that a container is run with: how their texts are written (config.md, `config`).
    pub(crate) fn execution(&mut self, value: Option<&Value>) {
        let Some(Value::Object(config)) = value else { return };
        let list = |key: &str| config.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (number, variable) in list("Env").iter().enumerate() {
            let named = |text: &str| text.split_once('=').is_some_and(|(name, _)| !name.is_empty());
            if variable.as_str().is_some_and(|text| !named(text)) {
                self.info("CONFIG_ENV_FORMAT", &format!("$.config.Env[{number}]"), "this is not written NAME=VALUE");
            }
        }
        for port in config.get("ExposedPorts").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
            let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
            if number.parse::<u16>().is_err() || !matches!(protocol, "tcp" | "udp" | "sctp") {
                let mut at = "$.config.ExposedPorts".to_owned();
                push_key(&mut at, port);
                self.info("CONFIG_PORT_FORMAT", &at, "this is not written port/tcp, port/udp or port");
            }
        }
    }

    /// Addresses that are given for a layer.
    pub(crate) fn layer_urls(&mut self, layer: &Described) {
        let foreign = matches!(layer.media_type.kind(), MediaKind::Layer { nondistributable: true, .. });
        if layer.urls.is_empty() {
            return;
        }
        let at = format!("{}.urls", layer.path);
        if !foreign {
            let message = "an ordinary layer has addresses to be fetched from; they are not fetched";
            self.warning("LAYER_HAS_URLS", &at, message);
        }
        if layer.urls.iter().any(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            self.warning("LAYER_URL_SCHEME", &at, "an address of a layer is neither http nor https");
        }
    }
}

/// `type/subtype` with the characters that RFC 6838 allows, and perhaps parameters.
fn valid_media_type(text: &str) -> bool {
    let name = |part: &str| {
        part.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
            && part.len() <= 127
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let essence = text.split(';').next().unwrap_or_default().trim_end();
    essence.split_once('/').is_some_and(|(kind, subtype)| name(kind) && name(subtype))
}

/// Of the characters that RFC 3986 has, with whole escapes.
fn valid_uri(text: &str) -> bool {
    let bytes = text.as_bytes();
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(byte);
    let escape = |at: usize| bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
    !bytes.is_empty() && bytes.iter().all(allowed) && memchr::memchr_iter(b'%', bytes).all(escape)
}

enum Base64 {
    /// Right but for line breaks.
    Spaces(Vec<u8>),
    Wrong,
}

/// Standard base64 with padding (RFC 4648).
fn decode_base64(text: &str) -> Result<Vec<u8>, Base64> {
    let spaces = text.bytes().any(|byte| matches!(byte, b'\r' | b'\n'));
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    if !digits.len().is_multiple_of(4) {
        return Err(Base64::Wrong);
    }
    let mut out = Vec::with_capacity(digits.len() / 4 * 3);
    let last = digits.len().saturating_sub(4);
    for (at, group) in digits.chunks_exact(4).enumerate() {
        let mut value = 0u32;
        let mut pads = 0;
        for byte in group {
            let digit = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' if at * 4 == last => {
                    pads += 1;
                    0
                }
                _ => return Err(Base64::Wrong),
            };
            if pads > 0 && *byte != b'=' {
                return Err(Base64::Wrong);
            }
            value = value << 6 | u32::from(digit);
        }
        let bytes = [(value >> 16) as u8, (value >> 8) as u8, value as u8];
        match pads {
            0 => out.extend_from_slice(&bytes),
            1 => out.extend_from_slice(&bytes[..2]),
            2 => out.push(bytes[0]),
            _ => return Err(Base64::Wrong),
        }
    }
    if spaces { Err(Base64::Spaces(out)) } else { Ok(out) }
}

/// `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM)` with numbers in their ranges.
pub(crate) fn is_rfc3339(text: &str) -> bool {
    fn number(bytes: &[u8], from: usize, length: usize) -> Option<u32> {
        let digits = bytes.get(from..from + length)?;
        digits.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
    }
    fn check(bytes: &[u8]) -> Option<bool> {
        let (year, month, day) = (number(bytes, 0, 4)?, number(bytes, 5, 2)?, number(bytes, 8, 2)?);
        let (hour, minute, second) = (number(bytes, 11, 2)?, number(bytes, 14, 2)?, number(bytes, 17, 2)?);
        let marks = bytes.get(4) == Some(&b'-')
            && bytes.get(7) == Some(&b'-')
            && matches!(bytes.get(10), Some(b'T' | b't'))
            && bytes.get(13) == Some(&b':')
            && bytes.get(16) == Some(&b':');
        let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        let mut rest = bytes.get(19..)?;
        if let Some(fraction) = rest.strip_prefix(b".") {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 {
                return None;
            }
            rest = fraction.get(digits..)?;
        }
        let zone = match rest {
            [b'Z' | b'z'] => true,
            [b'+' | b'-', ..] if rest.len() == 6 && rest.get(3) == Some(&b':') => {
                number(rest, 1, 2)? < 24 && number(rest, 4, 2)? < 60
            }
            _ => false,
        };
        Some(marks && (1..=days).contains(&day) && hour < 24 && minute < 60 && second <= 60 && zone)
    }
    check(text.as_bytes()).unwrap_or(false)
}

/// A reference name in an OCI layout: image-spec annotations.md, `org.opencontainers.image.ref.name`. Runs of separators
/// are let pass.
pub(crate) fn valid_ref_name(name: &str) -> bool {
    !name.is_empty()
        && name.split('/').all(|part| {
            let bytes = part.as_bytes();
            bytes.first().is_some_and(u8::is_ascii_alphanumeric)
                && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
                && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._:@+".contains(byte))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        for good in [
            "2023-11-14T22:13:20Z",
            "0001-01-01T00:00:00Z",
            "2023-11-14T22:13:20.123456789+05:30",
            "2024-02-29T00:00:00z",
        ] {
            assert!(is_rfc3339(good), "{good}");
        }
        for bad in [
            "",
            "yesterday",
            "2023-13-14T22:13:20Z",
            "2023-11-14T22:13:20",
            "2023-02-29T00:00:00Z",
            "2023-11-14 22:13:20Z",
            "2023-11-14T22:13:20.Z",
        ] {
            assert!(!is_rfc3339(bad), "{bad}");
        }
    }

    #[test]
    fn addresses() {
        for good in ["https://a.b/c?d=%20#e", "http://[::1]:80/", "urn:x:y"] {
            assert!(valid_uri(good), "{good}");
        }
        for bad in ["", "https://a b", "https://a/%2", "https://\u{e9}/", "<x>"] {
            assert!(!valid_uri(bad), "{bad}");
        }
    }

    #[test]
    fn base64_is_strict() {
        assert!(matches!(decode_base64("aGk="), Ok(bytes) if bytes == b"hi"));
        assert!(matches!(decode_base64("aG\nk="), Err(Base64::Spaces(_))));
        for bad in ["aGk", "a===", "aG=k", "aGk=aGk=", "!!!!"] {
            assert!(matches!(decode_base64(bad), Err(Base64::Wrong)), "{bad}");
        }
    }

    #[test]
    fn reference_names() {
        assert!(
            valid_ref_name("latest") && valid_ref_name("localhost:5000/a/b:1.0@sha256:00") && valid_ref_name("v1.0_x")
        );
        assert!(!valid_ref_name("../../x") && !valid_ref_name("/a") && !valid_ref_name("") && !valid_ref_name("a b"));
    }
}
