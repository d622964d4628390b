//! `.hadolint.yaml`, as hadolint 2.15 reads it.

mod yaml;

use std::collections::BTreeMap;

use super::rule::Level;
pub use yaml::{Yaml, YamlError};

/// What the file says. Unknown keys are kept out of the way, as hadolint does.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// `ignored`: codes that are never reported.
    pub ignored: Vec<String>,
    /// `override`: codes by the level they are given.
    pub levels: BTreeMap<String, Level>,
    /// `trustedRegistries`, with `*` in front or at the end.
    pub trusted_registries: Vec<String>,
    /// `label-schema`: label to type.
    pub label_schema: BTreeMap<String, LabelType>,
    /// `strict-labels`: labels outside the schema are reported.
    pub strict_labels: bool,
    /// `disable-ignore-pragma`: comments do not silence rules.
    pub disable_ignore_pragma: bool,
    /// `failure-threshold`: the level from which a command line fails; `None` never.
    pub failure_threshold: Option<Level>,
    /// `no-fail`.
    pub no_fail: bool,
    /// `format`.
    pub format: Option<String>,
}

/// What the value of a label must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelType {
    /// Anything.
    Text,
    /// An absolute URI.
    Url,
    /// An SPDX licence identifier.
    Spdx,
    /// A git hash.
    Hash,
    /// A time as in RFC 3339.
    Rfc3339,
    /// A semantic version.
    Semver,
    /// A mail address.
    Email,
}

impl LabelType {
    fn of(name: &str) -> Self {
        match name {
            "url" => Self::Url,
            "spdx" => Self::Spdx,
            "hash" => Self::Hash,
            "rfc3339" => Self::Rfc3339,
            "semver" => Self::Semver,
            "email" => Self::Email,
            _ => Self::Text,
        }
    }
}

impl Config {
    /// Reads the text of a `.hadolint.yaml`.
    ///
    /// # Errors
    ///
    /// Where the text is not the subset of YAML that such files use; the error names the line.
    pub fn parse(text: &str) -> Result<Self, YamlError> {
        let yaml = Yaml::parse(text)?;
        let mut out = Self { failure_threshold: Some(Level::Info), ..Self::default() };
        for (key, value) in yaml.entries() {
            match key {
                "ignored" => out.ignored = value.strings(),
                // Listed twice, the more severe level wins.
                "override" => {
                    for level in [Level::Style, Level::Info, Level::Warning, Level::Error] {
                        for code in value.get(level.name()).map(Yaml::strings).unwrap_or_default() {
                            out.levels.insert(code, level);
                        }
                    }
                }
                "trustedRegistries" => out.trusted_registries = value.strings(),
                "label-schema" => {
                    let types = value.entries().map(|(name, t)| (name.to_owned(), LabelType::of(t.text())));
                    out.label_schema = types.collect();
                }
                "strict-labels" => out.strict_labels = value.truth(),
                "disable-ignore-pragma" => out.disable_ignore_pragma = value.truth(),
                "no-fail" => out.no_fail = value.truth(),
                "format" => out.format = Some(value.text().to_owned()),
                "failure-threshold" => {
                    out.failure_threshold = match value.text() {
                        "error" => Some(Level::Error),
                        "warning" => Some(Level::Warning),
                        "style" => Some(Level::Style),
                        "none" | "ignore" => None,
                        _ => Some(Level::Info),
                    }
                }
                _ => {}
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read() {
        let config = Config::parse(
            "# c\nignored:\n  - DL3000 # why\n- SC1010\noverride:\n  error: [DL3001, 'DL3002']\n  style:\n  - DL3001\n\
             trustedRegistries:\n  - \"*.x.com\"\nlabel-schema:\n  author: text\n  \"a.b\": semver\nstrict-labels: true\n\
             failure-threshold: warning\nother: {a: 1}\n",
        );
        let config = config.unwrap();
        assert_eq!(config.ignored, ["DL3000", "SC1010"]);
        assert_eq!(config.levels["DL3001"], Level::Error);
        assert_eq!(config.levels.len(), 2);
        assert_eq!(config.trusted_registries, ["*.x.com"]);
        assert_eq!(config.label_schema["a.b"], LabelType::Semver);
        assert!(config.strict_labels);
        assert_eq!(config.failure_threshold, Some(Level::Warning));
    }

    #[test]
    fn what_is_not_yaml_names_its_line() {
        assert_eq!(Config::parse("a: [b\n").unwrap_err().line, 1);
        assert_eq!(Config::parse("ok: 1\n%%\n").unwrap_err().line, 2);
    }
}
