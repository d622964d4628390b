//! Lint, fix and rules for JavaScript.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::{error, options, text, to_js};
use crate::lint::{self, Category, FixResult, Level, LintOptions, LintResult, ShellOptions, YamlError};

/// A rule as documentation shows it.
#[derive(Debug, Serialize, Deserialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct RuleInfo {
    /// The code users know.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The default level.
    pub level: Level,
    /// What it is about.
    pub category: Category,
    /// The profiles in which it is on.
    pub profiles: Vec<lint::Profile>,
    /// The same rule in the tool whose code this is not: `DL4000` and `MaintainerDeprecated`.
    pub twins: Vec<String>,
    /// Its safe corrections are made to change what is built.
    pub changes_build: bool,
    /// One sentence.
    pub summary: String,
    /// The documentation, in Markdown.
    pub docs: String,
    /// Where more can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub url: Option<String>,
}

impl From<&lint::Rule> for RuleInfo {
    fn from(rule: &lint::Rule) -> Self {
        use lint::Profile::{All, Buildkit, Hadolint, Recommended, Strict};
        let profiles = [Recommended, Hadolint, Buildkit, Strict, All];
        Self {
            code: rule.code.to_owned(),
            name: rule.name.to_owned(),
            level: rule.level,
            category: rule.category,
            profiles: profiles.into_iter().filter(|p| rule.profiles.contains(*p)).collect(),
            twins: lint::twins::twins(rule.code, None).map(str::to_owned).collect(),
            changes_build: rule.changes_build,
            summary: rule.summary().to_owned(),
            docs: dedent(rule.docs),
            url: rule.url(),
        }
    }
}

/// Doc comments begin each line with a space.
fn dedent(docs: &str) -> String {
    docs.lines().map(|l| l.strip_prefix(' ').unwrap_or(l)).collect::<Vec<_>>().join("\n")
}

fn config_error(e: YamlError) -> JsValue {
    #[derive(Serialize)]
    struct Details {
        line: usize,
    }
    error(e.code(), &format!("the configuration is not valid: {e}"), &Details { line: e.line })
}

/// Lints a Dockerfile.
#[wasm_bindgen(js_name = lint, unchecked_return_type = "LintResult")]
pub fn lint_js(
    #[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue,
    #[wasm_bindgen(js_name = options, unchecked_optional_param_type = "LintOptions")] given: &JsValue,
) -> Result<JsValue, JsValue> {
    let given: LintOptions = options(given)?;
    let result: LintResult = lint::lint(&text(source)?, &given).map_err(config_error)?;
    to_js(&result)
}

/// Applies the safe fixes; with `unsafeFixes`, the suggestions too.
#[wasm_bindgen(js_name = fix, unchecked_return_type = "FixResult")]
pub fn fix_js(
    #[wasm_bindgen(unchecked_param_type = "Text")] source: &JsValue,
    #[wasm_bindgen(js_name = options, unchecked_optional_param_type = "LintOptions")] given: &JsValue,
) -> Result<JsValue, JsValue> {
    let given: LintOptions = options(given)?;
    let bytes = text(source)?;
    let fixed: FixResult = lint::fix(&String::from_utf8_lossy(&bytes), &given).map_err(config_error)?;
    to_js(&fixed)
}

/// Lints the body of one RUN.
#[wasm_bindgen(js_name = lintShell, unchecked_return_type = "LintResult")]
pub fn lint_shell_js(
    script: &str,
    #[wasm_bindgen(js_name = options, unchecked_optional_param_type = "ShellOptions")] given: &JsValue,
) -> Result<JsValue, JsValue> {
    let given: ShellOptions = options(given)?;
    to_js(&lint::lint_shell(script, &given))
}

/// All rules.
#[wasm_bindgen(unchecked_return_type = "RuleInfo[]")]
pub fn rules() -> Result<JsValue, JsValue> {
    to_js(&lint::rules::RULES.iter().map(|r| RuleInfo::from(*r)).collect::<Vec<_>>())
}

/// The rule of this code or name, in any case.
#[wasm_bindgen(unchecked_return_type = "RuleInfo | undefined")]
pub fn explain(code: &str) -> Result<JsValue, JsValue> {
    lint::rules::find(code).map_or(Ok(JsValue::UNDEFINED), |r| to_js(&RuleInfo::from(r)))
}

/// What the text of a `.hadolint.yaml` says; unknown keys are passed over, as hadolint does.
#[derive(Debug, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct HadolintConfig {
    /// `ignored`.
    pub ignored: Vec<String>,
    /// `override`: the level of each code; the most severe where several are given.
    #[tsify(type = "Record<string, Level>")]
    pub levels: BTreeMap<String, Level>,
    /// `trustedRegistries`.
    pub trusted_registries: Vec<String>,
    /// `label-schema`.
    #[tsify(type = "Record<string, LabelType>")]
    pub label_schema: BTreeMap<String, lint::LabelType>,
    /// `strict-labels`.
    pub strict_labels: bool,
    /// `disable-ignore-pragma`.
    pub disable_ignore_pragma: bool,
    /// `failure-threshold`, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub failure_threshold: Option<String>,
    /// `no-fail`.
    pub no_fail: bool,
    /// `format`, and all of `formats`.
    pub formats: Vec<String>,
}

/// Reads a `.hadolint.yaml`.
#[wasm_bindgen(js_name = readHadolintConfig, unchecked_return_type = "HadolintConfig")]
pub fn read_hadolint_config(text: &str) -> Result<JsValue, JsValue> {
    let config = lint::config::Config::parse(text).map_err(config_error)?;
    to_js(&HadolintConfig {
        ignored: config.ignored,
        levels: config.levels,
        trusted_registries: config.trusted_registries,
        label_schema: config.label_schema,
        strict_labels: config.strict_labels,
        disable_ignore_pragma: config.disable_ignore_pragma,
        failure_threshold: config.failure_threshold,
        no_fail: config.no_fail,
        formats: config.formats,
    })
}
