//! Workflow commands that GitHub Actions turns into annotations.

use std::fmt::Write;

use super::ReportFile;
use crate::lint::Level;

pub(super) fn render(files: &[ReportFile]) -> String {
    let mut out = String::new();
    for file in files {
        for f in &file.findings {
            let command = match f.level {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Info | Level::Style => "notice",
            };
            let help = f.help.as_ref().map_or_else(String::new, |h| format!("\n{h}"));
            let _ = writeln!(
                out,
                "::{command} file={},line={},endLine={},col={},endColumn={},title={}::{}",
                property(&file.name),
                f.line,
                f.end_line,
                f.column,
                f.end_column,
                property(&f.code),
                data(&format!("{}{help}", f.message)),
            );
        }
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
