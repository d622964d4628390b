//! An array of findings: the fields of hadolint's JSON first, then ours.

use serde::Serialize;

use super::ReportFile;
use crate::lint::{Finding, Level};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    level: Level,
    code: &'a str,
    message: &'a str,
    #[serde(flatten)]
    more: More<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct More<'a> {
    name: &'a str,
    category: crate::lint::Category,
    end_line: u32,
    end_column: u32,
    start: u32,
    end: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<&'a crate::lint::FindingFix>,
}

pub(super) fn render(files: &[ReportFile]) -> String {
    let entry = |file: &'_ ReportFile, f: &'_ Finding| -> serde_json::Value {
        let entry = Entry {
            file: &file.name,
            line: f.line,
            column: f.column,
            level: f.level,
            code: &f.code,
            message: &f.message,
            more: More {
                name: &f.name,
                category: f.category,
                end_line: f.end_line,
                end_column: f.end_column,
                start: f.start,
                end: f.end,
                help: f.help.as_deref(),
                url: f.url.as_deref(),
                fix: f.fix.as_ref(),
            },
        };
        serde_json::to_value(entry).unwrap_or_default()
    };
    let entries: Vec<_> = files.iter().flat_map(|file| file.findings.iter().map(move |f| entry(file, f))).collect();
    let mut out = serde_json::to_string_pretty(&entries).unwrap_or_default();
    out.push('\n');
    out
}
