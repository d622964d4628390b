//! One line each: `layerwright:FILE:LINE:COLUMN: CODE LEVEL: text`, hadolint's form with the column added.

use std::fmt::Write;

use super::ReportFile;

pub(super) fn render(files: &[ReportFile]) -> String {
    let mut out = String::new();
    for file in files {
        for f in &file.findings {
            let _ = writeln!(
                out,
                "layerwright:{}:{}:{}: {} {}: {}",
                file.name,
                f.line,
                f.column,
                f.code,
                f.level.name(),
                f.message
            );
        }
    }
    out
}
