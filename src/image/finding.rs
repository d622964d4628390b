//! What is wrong or odd about an image, each with a stable code and where it is.

use serde::Serialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; no reason to distrust the image.
    Info,
    /// Suspicious or ambiguous: tools in use may see different images.
    Warning,
    /// Malformed, or not what a digest says, or against a MUST of the specification, or beyond a limit.
    Error,
}

/// Something found about an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct ImageFinding {
    /// A stable code: `LAYER_DIGEST_MISMATCH`.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// What it is, for a person.
    pub message: String,
    /// The file in the archive or the digest of the document it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// Where in a JSON document: `$.layers[0].size`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The layer it is about: its digest or, in a Docker archive, its file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
    /// The entry in the layer it is about, as written; bytes that are not UTF-8 are replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Where in the document or layer, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(type = "number"))]
    pub offset: Option<u64>,
    /// How often, where one finding stands for many.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(type = "number"))]
    pub count: Option<u64>,
    /// The clause of the specification it is against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
}

impl ImageFinding {
    /// A finding with nothing but its code, severity and message.
    pub fn new(code: &str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            severity,
            message: message.into(),
            document: None,
            path: None,
            layer: None,
            entry: None,
            offset: None,
            count: None,
            clause: super::clauses::clause(code).map(str::to_owned),
        }
    }

    /// An error.
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, message)
    }

    /// A warning.
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, message)
    }

    /// Says in which document it is.
    pub fn in_document(mut self, document: &str) -> Self {
        self.document = Some(document.to_owned());
        self
    }

    /// Says where in a JSON document it is.
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Says in which layer it is.
    pub fn in_layer(mut self, layer: &str) -> Self {
        self.layer = Some(layer.to_owned());
        self
    }

    /// Says which entry of a layer it is about.
    pub fn of_entry(mut self, entry: &[u8]) -> Self {
        let text = String::from_utf8_lossy(entry);
        self.entry = Some(text.chars().take(500).collect());
        self
    }

    /// Says at which byte it is.
    pub fn at_offset(mut self, offset: Option<u64>) -> Self {
        self.offset = offset;
        self
    }
}

/// What a verification says in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing of warning level or above.
    Ok,
    /// Warnings only.
    Flag,
    /// At least one error.
    Error,
}

impl Verdict {
    /// The verdict that findings add up to.
    pub fn of(findings: &[ImageFinding]) -> Self {
        match findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Error) => Self::Error,
            Some(Severity::Warning) => Self::Flag,
            _ => Self::Ok,
        }
    }
}
