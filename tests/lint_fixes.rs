//! Fixes on real files: what comes out still parses, needs no further fix, and lost what was fixed.

use std::path::PathBuf;

use layerwright::dockerfile;
use layerwright::lint::{LintOptions, Profile, fix, lint};

fn corpus() -> Vec<String> {
    let root = std::env::var_os("LAYERWRIGHT_CONFORMANCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(root.join("data/hadolint/corpus.jsonl")) else { return Vec::new() };
    let field = |l: &str| serde_json::from_str::<serde_json::Value>(l).ok()?["dockerfile"].as_str().map(str::to_owned);
    text.lines().filter_map(field).collect()
}

#[test]
fn fixed_files_parse_and_stay_as_they_are() {
    for text in corpus() {
        for profile in [Profile::Recommended, Profile::All] {
            let options = LintOptions { profile: Some(profile), ..LintOptions::default() };
            let fixed = fix(&text, &options).expect("no configuration");
            let before = dockerfile::parse(text.as_bytes());
            let after = dockerfile::parse(fixed.text.as_bytes());
            if before.fatal().is_none() {
                let shown = after.fatal().map(|d| d.message.clone());
                assert!(after.fatal().is_none(), "{shown:?}\n{text}\n=====\n{}", fixed.text);
                assert_eq!(before.nodes.len(), after.nodes.len(), "{text}\n=====\n{}", fixed.text);
            }
            let left: Vec<_> =
                fixed.remaining.iter().filter(|f| f.fix.as_ref().is_some_and(|f| f.safe)).map(|f| &f.code).collect();
            assert!(left.is_empty(), "{left:?} are left in\n{}", fixed.text);
            let again = fix(&fixed.text, &options).expect("no configuration");
            assert_eq!(again.text, fixed.text);
        }
    }
}

#[test]
fn edits_of_a_finding_lie_in_the_text() {
    for text in corpus() {
        let options = LintOptions { profile: Some(Profile::All), ..LintOptions::default() };
        let length = text.encode_utf16().count() as u32;
        for finding in lint(text.as_bytes(), &options).expect("no configuration").findings {
            assert!(finding.start <= finding.end && finding.end <= length, "{finding:?}");
            for edit in finding.fix.iter().flat_map(|f| &f.edits) {
                assert!(edit.start <= edit.end && edit.end <= length, "{finding:?}");
            }
        }
    }
}
