//! What holds for a file: `.hadolint.yaml` as hadolint 2.15 reads it, and the options of a call on top of it.
//!
//! Files of our own are read by the command line, which hands their contents over as options.

mod yaml;

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::LintOptions;
use super::rule::{Category, Level, Profile, Rule};
use super::twins::twins;
use crate::dockerfile::syntax::Keyword;
pub use yaml::{Yaml, YamlError};

/// What becomes of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum RuleSetting {
    /// It does not run.
    Off,
    /// It runs with its own level.
    On,
    /// It runs, and what it finds is an error.
    Error,
    /// It runs, and what it finds is a warning.
    Warning,
    /// It runs, and what it finds is worth knowing.
    Info,
    /// It runs, and what it finds is a matter of taste.
    Style,
}

impl RuleSetting {
    /// The level it gives, if any.
    pub const fn level(self) -> Option<Level> {
        match self {
            Self::Off | Self::On => None,
            Self::Error => Some(Level::Error),
            Self::Warning => Some(Level::Warning),
            Self::Info => Some(Level::Info),
            Self::Style => Some(Level::Style),
        }
    }
}

impl From<Level> for RuleSetting {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warning => Self::Warning,
            Level::Info => Self::Info,
            Level::Style => Self::Style,
        }
    }
}

/// What the file says. Unknown keys are kept out of the way, as hadolint does.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// `ignored`: codes that are never reported.
    pub ignored: Vec<String>,
    /// `override`: codes by the level they are given.
    pub levels: BTreeMap<String, Level>,
    /// What the options say of single rules, by code or name in lower case.
    settings: HashMap<String, RuleSetting>,
    /// What the options say of categories.
    categories: BTreeMap<Category, RuleSetting>,
    profile: Profile,
    /// `trustedRegistries`, with `*` in front or at the end.
    pub trusted_registries: Vec<String>,
    /// `label-schema`: label to type.
    pub label_schema: BTreeMap<String, LabelType>,
    /// `strict-labels`: labels outside the schema are reported.
    pub strict_labels: bool,
    /// `disable-ignore-pragma`: comments do not silence rules.
    pub disable_ignore_pragma: bool,
    /// `failure-threshold`: the level from which a command line fails, as written.
    pub failure_threshold: Option<String>,
    /// `no-fail`.
    pub no_fail: bool,
    /// `format`, and all of `formats`.
    pub formats: Vec<String>,
}

/// What the value of a label must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
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
        let mut out = Self::default();
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
                    out.label_schema = crate::order::map(types);
                }
                "strict-labels" => out.strict_labels = value.truth(),
                "disable-ignore-pragma" => out.disable_ignore_pragma = value.truth(),
                "no-fail" => out.no_fail = value.truth(),
                "format" | "formats" => out.formats.extend(value.strings()),
                "failure-threshold" => out.failure_threshold = Some(value.text().to_owned()),
                _ => {}
            }
        }
        Ok(out)
    }

    /// What holds with these options.
    ///
    /// # Errors
    ///
    /// Where `options.config` is not YAML.
    pub fn of(options: &LintOptions) -> Result<Self, YamlError> {
        let mut out = options.config.as_deref().map(Self::parse).transpose()?.unwrap_or_default();
        out.profile = options.profile.unwrap_or_default();
        out.trusted_registries.extend(options.trusted_registries.iter().cloned());
        out.label_schema.extend(options.label_schema.iter().map(|(name, kind)| (name.clone(), *kind)));
        out.strict_labels |= options.strict_labels;
        out.disable_ignore_pragma |= options.disable_ignore_pragma;
        out.levels.extend(options.levels.iter().map(|(code, level)| (code.clone(), *level)));
        out.categories.clone_from(&options.categories);
        let key = |code: &String| {
            let code = code.to_ascii_lowercase();
            // Names mean the code, so that a rule has one entry.
            let rule = if code.contains('-') { super::rules::find(&code) } else { None };
            rule.map_or(code, |rule| rule.code.to_ascii_lowercase())
        };
        out.settings.extend(options.enable.iter().map(|c| (key(c), RuleSetting::On)));
        out.settings.extend(options.ignore.iter().map(|c| (key(c), RuleSetting::Off)));
        out.settings.extend(out.ignored.iter().map(|c| (key(c), RuleSetting::Off)));
        out.settings.extend(options.rules.iter().map(|(c, setting)| (key(c), *setting)));
        Ok(out)
    }

    /// The rules that run.
    pub fn selected(&self) -> Vec<&'static Rule> {
        super::rules::RULES.iter().copied().filter(|rule| self.selects(rule)).collect()
    }

    fn selects(&self, rule: &Rule) -> bool {
        if let Some(setting) = self.setting(rule) {
            return setting != RuleSetting::Off;
        }
        if self.categories.get(&rule.category) == Some(&RuleSetting::Off) {
            return false;
        }
        let on = rule.profiles.contains(self.profile);
        // A rule that is off in hadolint comes on by being given a level, unless another stands for it.
        let given = || {
            rule.code.starts_with("DL")
                && !matches!(self.profile, Profile::Buildkit | Profile::All)
                && self.levels.contains_key(rule.code)
                && (self.profile == Profile::Hadolint || twins(rule.code, None).next().is_none())
        };
        on || given()
    }

    fn setting(&self, rule: &Rule) -> Option<RuleSetting> {
        if self.settings.is_empty() {
            return None;
        }
        self.settings.get(rule.code.to_ascii_lowercase().as_str()).copied()
    }

    /// One of a pair of rules of two tools stands for the other: not in the profiles that copy one tool.
    pub fn pairs_rules(&self) -> bool {
        !matches!(self.profile, Profile::Hadolint | Profile::Buildkit)
    }

    /// Whether a rule is off that finds the same as this one in instructions of this kind.
    pub fn twin_is_off(&self, rule: &Rule, kind: Option<Keyword>) -> bool {
        let off = |code: &str| self.settings.get(code.to_ascii_lowercase().as_str()) == Some(&RuleSetting::Off);
        self.pairs_rules() && !self.settings.is_empty() && twins(rule.code, kind).any(off)
    }

    /// The level of what a rule finds in instructions of this kind.
    pub fn level(&self, rule: &Rule, kind: Option<Keyword>) -> Level {
        let given = |code: &str| {
            let setting = self.settings.get(code.to_ascii_lowercase().as_str()).and_then(|s| s.level());
            setting.or_else(|| self.levels.get(code).copied())
        };
        let by_twin = || twins(rule.code, kind).filter(|_| self.pairs_rules()).find_map(given);
        let by_category = || self.categories.get(&rule.category).copied().and_then(RuleSetting::level);
        if self.settings.is_empty() && self.levels.is_empty() {
            return by_category().unwrap_or(rule.level);
        }
        given(rule.code).or_else(by_twin).or_else(by_category).unwrap_or(rule.level)
    }

    /// Whether a rule is asked for by its code, whatever the profile.
    pub fn forces(&self, rule: &Rule) -> bool {
        self.setting(rule).is_some_and(|s| s != RuleSetting::Off)
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
        assert_eq!(config.failure_threshold.as_deref(), Some("warning"));
    }

    fn rule(code: &str) -> &'static Rule {
        crate::lint::rules::find(code).unwrap()
    }

    #[test]
    fn options_add_to_the_file_and_count_more() {
        let options: LintOptions = serde_json::from_value(serde_json::json!({
            "config": "ignored: [DL3006]\noverride:\n  error: [DL3008, DL3025]\n",
            "rules": { "DL3006": "info", "dl3009": "off", "unpinned-apt-packages": "style", "DL3057": "on" },
            "categories": { "security": "error", "style": "off" },
            "labelSchema": { "a": "semver" },
        }))
        .unwrap();
        let config = Config::of(&options).unwrap();
        let selected: Vec<_> = config.selected().iter().map(|r| r.code).collect();
        assert!(selected.contains(&"DL3006") && selected.contains(&"DL3057"));
        assert!(!selected.contains(&"DL3009") && !selected.contains(&"StageNameCasing"));
        assert_eq!(config.level(rule("DL3006"), None), Level::Info);
        assert_eq!(config.level(rule("DL3008"), None), Level::Style);
        assert_eq!(config.level(rule("LW1001"), None), Level::Error);
        assert_eq!(config.level(rule("JSONArgsRecommended"), None), Level::Error);
        assert!(!selected.contains(&"DL3025"));
        assert_eq!(config.label_schema["a"], LabelType::Semver);
    }

    #[test]
    fn a_rule_is_silenced_under_the_name_of_its_twin() {
        let options = LintOptions { config: Some("ignored: [DL4003]".into()), ..LintOptions::default() };
        let config = Config::of(&options).unwrap();
        let wide = rule("MultipleInstructionsDisallowed");
        assert!(config.twin_is_off(wide, Some(Keyword::Cmd)) && !config.twin_is_off(wide, Some(Keyword::Entrypoint)));
    }

    #[test]
    fn what_is_not_yaml_names_its_line() {
        assert_eq!(Config::parse("a: [b\n").unwrap_err().line, 1);
        assert_eq!(Config::parse("ok: 1\n%%\n").unwrap_err().line, 2);
    }
}
