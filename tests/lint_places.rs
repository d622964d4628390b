//! Findings lie where they say: in the file, on the right text, whatever line ends, continuations and here-documents
//! stand before them.

use std::path::PathBuf;

use layerwright::lint::{Finding, LintOptions, Profile, lint};
use layerwright::text::LineIndex;
use proptest::prelude::*;

fn corpus() -> Vec<String> {
    let root = std::env::var_os("LAYERWRIGHT_CONFORMANCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(root.join("data/hadolint/corpus.jsonl")) else { return Vec::new() };
    let field = |l: &str| serde_json::from_str::<serde_json::Value>(l).ok()?["dockerfile"].as_str().map(str::to_owned);
    text.lines().filter_map(field).collect()
}

fn findings(text: &str) -> Vec<Finding> {
    let options = LintOptions { profile: Some(Profile::All), ..LintOptions::default() };
    lint(text.as_bytes(), &options).expect("no configuration").findings
}

/// The text of a finding, as JavaScript would cut it out.
fn text_of(utf16: &[u16], finding: &Finding) -> String {
    String::from_utf16_lossy(&utf16[finding.start as usize..finding.end as usize])
}

fn check(text: &str) -> Result<(), String> {
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let index = LineIndex::new(text.as_bytes());
    for finding in findings(text) {
        if finding.start > finding.end || finding.end as usize > utf16.len() {
            return Err(format!("{finding:?} is outside of the text"));
        }
        let position = index.position(index.byte_offset(finding.start));
        if (position.line, position.column) != (finding.line, finding.column) {
            return Err(format!("{finding:?} has another line and column than its offset"));
        }
        let found = text_of(&utf16, &finding);
        let right = match finding.code.as_str() {
            "SC2086" => found.starts_with('$'),
            "SC2046" | "SC2006" => found.starts_with('$') || found.starts_with('`'),
            "SC2164" => found.starts_with("cd") || found.starts_with("pushd") || found.starts_with("popd"),
            "DL3004" => found.starts_with("sudo"),
            "LW1017" => found.starts_with('#'),
            "LW1030" => found == "curl",
            "DL3006" | "DL3007" | "LW1007" | "LW1008" => !found.is_empty() && !found.contains(char::is_whitespace),
            _ => true,
        };
        if !right {
            return Err(format!("{} is on {found:?}, line {}", finding.code, finding.line));
        }
    }
    Ok(())
}

#[test]
fn findings_of_real_files_are_on_their_text() {
    for text in corpus() {
        for text in [text.clone(), text.replace("\r\n", "\n").replace('\n', "\r\n"), format!("\u{feff}# é 🐳\n{text}")]
        {
            if let Err(error) = check(&text) {
                panic!("{error}\n{text}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Commands cut over lines in every way the grammar has: continuations with comments and blank lines in them,
    /// either escape, either line end, characters of more than one byte, here-documents of both kinds.
    #[test]
    fn findings_are_on_their_text(
        words in prop::collection::vec("(cp|\\$A|é🐳|\"x y\"|curl|https://a\\.b|\\$\\(ls\\)|&& cd x|; sudo ls)", 1..12),
        breaks in prop::collection::vec(0u8..6, 12),
        backquote: bool,
        crlf: bool,
        document in 0u8..4,
    ) {
        let escape = if backquote { '`' } else { '\\' };
        let mut command = String::new();
        for (word, cut) in words.iter().zip(&breaks) {
            command.push_str(word);
            match cut {
                0 => command.push_str(&format!(" {escape}\n  ")),
                1 => command.push_str(&format!(" {escape}\n# c $A\n\t")),
                2 => command.push_str(&format!(" {escape}\n\n  # é\n ")),
                3 => command.push_str(&format!(" {escape} \n")),
                _ => command.push(' '),
            }
        }
        let command = command.trim_end().to_owned();
        let plain = words.join(" ");
        let mut text = String::new();
        if backquote {
            text.push_str("# escape=`\n");
        }
        text.push_str("FROM debian:9 # é\nFROM debian:9 AS é\n");
        match document {
            0 => text.push_str(&format!("RUN {command}\n")),
            1 => text.push_str(&format!("RUN <<-EOF\n\t{plain}\n\t\tcp $A b\n\tEOF\nRUN {command}\n")),
            2 => text.push_str(&format!("RUN bash -x <<EOF\n{plain}\ncp $A b\nEOF\n")),
            _ => text.push_str(&format!("ONBUILD RUN {command}\nRUN cat <<A <<'B' && cp $A b\n{plain}\nA\n{plain}\nB\n")),
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        prop_assert!(check(&text).is_ok(), "{:?}\n{text}", check(&text));
    }
}
