//! SARIF 2.1.0, columns in UTF-16 units as the format has them.

use serde_json::{Value, json};

use super::ReportFile;
use crate::lint::{Level, rules};

pub(super) fn render(files: &[ReportFile]) -> String {
    let level = |l: Level| match l {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info | Level::Style => "note",
    };
    let mut codes: Vec<&str> = files.iter().flat_map(|f| f.findings.iter().map(|f| f.code.as_str())).collect();
    codes.sort_unstable();
    codes.dedup();
    let described: Vec<Value> = codes
        .iter()
        .map(|code| {
            let mut rule = json!({ "id": code });
            if let Some(known) = rules::find(code) {
                rule["name"] = json!(known.name);
                rule["shortDescription"] = json!({ "text": known.summary() });
                rule["help"] = json!({ "text": known.docs.trim(), "markdown": known.docs.trim() });
                rule["defaultConfiguration"] = json!({ "level": level(known.level) });
                if let Some(url) = known.url() {
                    rule["helpUri"] = json!(url);
                }
            }
            rule
        })
        .collect();
    let mut results = Vec::new();
    for file in files {
        for f in &file.findings {
            results.push(json!({
                "ruleId": f.code,
                "ruleIndex": codes.binary_search(&f.code.as_str()).unwrap_or(0),
                "level": level(f.level),
                "message": { "text": f.help.as_ref().map_or_else(|| f.message.clone(), |h| format!("{}\n{h}", f.message)) },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": uri(&file.name) },
                    "region": { "startLine": f.line, "startColumn": f.column, "endLine": f.end_line, "endColumn": f.end_column },
                } }],
            }));
        }
    }
    let report = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "layerwright", "version": env!("CARGO_PKG_VERSION"), "rules": described } },
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    });
    let mut out = serde_json::to_string_pretty(&report).unwrap_or_default();
    out.push('\n');
    out
}

/// A path as a relative URI reference.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for b in path.replace('\\', "/").bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-' | b'_' | b'~') {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}
