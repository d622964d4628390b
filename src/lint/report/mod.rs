//! Report formats, one file each. Output is the same, byte for byte, for the same findings.

mod checkstyle;
mod github;
mod gnu;
mod json;
mod sarif;
mod terminal;

use serde::{Deserialize, Serialize};

use super::Finding;

/// The findings of a file, with its text for excerpts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReportFile {
    /// The name to print.
    pub name: String,
    /// The text that was linted.
    pub text: String,
    /// What was found in it.
    pub findings: Vec<Finding>,
}

/// How a report looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ReportOptions {
    /// With ANSI colours (`terminal` only).
    #[cfg_attr(feature = "js", tsify(optional))]
    pub colour: bool,
    /// Columns of the terminal; 0 or absent for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(optional))]
    pub width: Option<u32>,
}

/// The formats there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum ReportFormat {
    /// For people: source excerpts with the place underlined.
    Terminal,
    /// An array with hadolint's fields and more.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Checkstyle XML.
    Checkstyle,
    /// One line each, as GNU tools do.
    Gnu,
    /// Annotations of GitHub Actions.
    Github,
}

impl ReportFormat {
    /// The format of this name.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "terminal" | "tty" => Self::Terminal,
            "json" => Self::Json,
            "sarif" => Self::Sarif,
            "checkstyle" => Self::Checkstyle,
            "gnu" => Self::Gnu,
            "github" => Self::Github,
            _ => return None,
        })
    }
}

/// Prints findings.
pub fn render(format: ReportFormat, files: &[ReportFile], options: ReportOptions) -> String {
    match format {
        ReportFormat::Terminal => terminal::render(files, options),
        ReportFormat::Json => json::render(files),
        ReportFormat::Sarif => sarif::render(files),
        ReportFormat::Checkstyle => checkstyle::render(files),
        ReportFormat::Gnu => gnu::render(files),
        ReportFormat::Github => github::render(files),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{LintOptions, lint};

    const TEXT: &str = "FROM debian\nRUN apt-get update && \\\n    apt-get install curl | cat\nCOPY \u{e9}\t<a> app\n";

    fn files() -> Vec<ReportFile> {
        let only = |code: &str| ["DL3006", "DL3014", "DL3045"].contains(&code);
        let mut findings = lint(TEXT.as_bytes(), &LintOptions::default()).unwrap().findings;
        findings.retain(|f| only(&f.code));
        vec![ReportFile { name: "a/Dockerfile".into(), text: TEXT.into(), findings }]
    }

    #[test]
    fn terminal_shows_the_place() {
        let options = ReportOptions { colour: false, width: Some(60) };
        insta::assert_snapshot!(render(ReportFormat::Terminal, &files(), options));
    }

    #[test]
    fn terminal_cuts_long_lines_around_the_place() {
        let text = format!("FROM debian:12\nRUN {} && apt-get install x\n", "echo hello && ".repeat(12));
        let mut findings = lint(text.as_bytes(), &LintOptions::default()).unwrap().findings;
        findings.retain(|f| f.code == "DL3014");
        let files = vec![ReportFile { name: "Dockerfile".into(), text, findings }];
        insta::assert_snapshot!(render(
            ReportFormat::Terminal,
            &files,
            ReportOptions { colour: false, width: Some(60) }
        ));
    }

    #[test]
    fn terminal_paints() {
        let out = render(ReportFormat::Terminal, &files(), ReportOptions { colour: true, width: None });
        assert!(out.contains("\u{1b}[1;33mwarning\u{1b}[0m"), "{out:?}");
    }

    #[test]
    fn nothing_found_is_one_line() {
        let files = vec![ReportFile { name: "Dockerfile".into(), ..ReportFile::default() }];
        assert_eq!(render(ReportFormat::Terminal, &files, ReportOptions::default()), "no findings in 1 file\n");
    }

    #[test]
    fn machine_formats() {
        for (name, format) in [
            ("json", ReportFormat::Json),
            ("checkstyle", ReportFormat::Checkstyle),
            ("gnu", ReportFormat::Gnu),
            ("github", ReportFormat::Github),
        ] {
            insta::assert_snapshot!(name, render(format, &files(), ReportOptions::default()));
        }
        let sarif: serde_json::Value =
            serde_json::from_str(&render(ReportFormat::Sarif, &files(), ReportOptions::default())).unwrap();
        assert_eq!(sarif["version"], "2.1.0");
        let result = &sarif["runs"][0]["results"][0];
        assert_eq!(result["ruleId"], "DL3006");
        assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startColumn"], 6);
    }
}
