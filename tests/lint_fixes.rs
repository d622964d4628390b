//! Fixes on real files: what comes out still parses, needs no further fix, lost what was fixed, has no new error, and
//! builds the same unless the rule is there to change that.

use std::collections::BTreeMap;
use std::path::PathBuf;

use layerwright::lint::rules::RULES;
use layerwright::lint::{Finding, Level, LintOptions, Profile, fix, lint};
use layerwright::plan::{self, Action};
use layerwright::{dockerfile, shell};

/// The texts of recorded cases: whole files from real repositories, and the reference tools' own fragments.
fn corpus() -> Vec<String> {
    let root = std::env::var_os("LAYERWRIGHT_CONFORMANCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance"), PathBuf::from);
    let read = |path: &str| std::fs::read_to_string(root.join("data").join(path)).unwrap_or_default();
    let text = |v: &serde_json::Value| v["dockerfile"].as_str().or(v["src"].as_str()).map(str::to_owned);
    let lines = |path: &str| read(path).lines().filter_map(|l| text(&serde_json::from_str(l).ok()?)).collect();
    let mut all: Vec<String> = lines("hadolint/corpus.jsonl");
    all.extend(lines("buildkit/unit.jsonl"));
    let cases: Vec<serde_json::Value> = serde_json::from_str(&read("hadolint/cases.json")).unwrap_or_default();
    all.extend(cases.iter().filter_map(text));
    all
}

fn options(profile: Profile, ignore: impl Fn(&layerwright::lint::Rule) -> bool) -> LintOptions {
    let ignore = RULES.iter().filter(|r| ignore(r)).map(|r| r.code.to_owned()).collect();
    LintOptions { profile: Some(profile), ignore, ..LintOptions::default() }
}

/// Errors by code.
fn errors(findings: &[Finding]) -> BTreeMap<&str, usize> {
    let mut count = BTreeMap::new();
    findings.iter().filter(|f| f.level == Level::Error).for_each(|f| *count.entry(f.code.as_str()).or_default() += 1);
    count
}

#[test]
fn fixed_files_parse_stay_as_they_are_and_lost_what_was_fixed() {
    for text in corpus() {
        let options = options(Profile::All, |_| false);
        let fixed = fix(&text, &options).expect("no configuration");
        let before = dockerfile::parse(text.as_bytes());
        let after = dockerfile::parse(fixed.text.as_bytes());
        let shown = || format!("{text}\n=====\n{}", fixed.text);
        if before.fatal().is_none() {
            assert!(after.fatal().is_none(), "{:?}\n{}", after.fatal().map(|d| &d.message), shown());
            assert_eq!(before.nodes.len(), after.nodes.len(), "{}", shown());
        }
        let safe = |f: &&Finding| f.fix.as_ref().is_some_and(|f| f.safe);
        let left: Vec<_> = fixed.remaining.iter().filter(safe).map(|f| &f.code).collect();
        assert!(left.is_empty(), "{left:?} are left\n{}", shown());
        assert_eq!(fix(&fixed.text, &options).expect("no configuration").text, fixed.text);
        let found = lint(text.as_bytes(), &options).expect("no configuration").findings;
        let length = text.encode_utf16().count() as u32;
        for finding in &found {
            assert!(finding.start <= finding.end && finding.end <= length, "{finding:?}");
            for edit in finding.fix.iter().flat_map(|f| &f.edits) {
                assert!(edit.start <= edit.end && edit.end <= length, "{finding:?}");
            }
        }
        let had = errors(&found);
        for (code, count) in errors(&fixed.remaining) {
            assert!(had.get(code).is_some_and(|had| *had >= count), "new {code}\n{}", shown());
        }
        // Each fix takes its finding away, and does not bring it back elsewhere.
        for finding in found.iter().filter(safe) {
            let count = |all: &[Finding]| all.iter().filter(|f| f.code == finding.code).count();
            assert!(count(&fixed.remaining) < count(&found), "{} is still there\n{}", finding.code, shown());
        }
    }
}

#[test]
fn what_is_built_stays_the_same() {
    let mut changed = 0;
    for text in corpus() {
        let fixed = fix(&text, &options(Profile::All, |r| r.changes_build)).expect("no configuration");
        if fixed.text != text {
            changed += 1;
            let (before, after) = (built(&text), built(&fixed.text));
            for (before, after) in before.iter().zip(&after) {
                assert_eq!(before, after, "{text}\n=====\n{}", fixed.text);
            }
            assert_eq!(before.len(), after.len());
        }
    }
    assert!(corpus().is_empty() || changed > 100, "{changed} files have something to correct");
}

/// What a build of each stage does, as lines to compare.
fn built(text: &str) -> Vec<String> {
    let file = dockerfile::parse(text.as_bytes());
    let mut out = vec![format!("{:?}", file.fatal().map(|d| &d.message))];
    let stages = plan::plan(&file, &plan::Options::default()).stages.len();
    for target in 0..stages.max(1) {
        let options = plan::Options { target: Some(target.to_string()), ..plan::Options::default() };
        let plan = plan::plan(&file, &options);
        out.push(format!("{target}: {:?} {:?}", plan.error.map(|e| e.message), plan.context_paths));
        let Some(stage) = plan.stages.get(target) else { continue };
        out.push(format!("{:?} {:?} {:?} {:?}", stage.name, stage.base, stage.platform, stage.image.config));
        for step in &stage.steps {
            match &step.action {
                Action::Run(_) => out.extend(commands(step.created_by.as_deref().unwrap_or(""))),
                _ => out.push(format!("{:?} {}", step.created_by, step.creates_layer)),
            }
        }
    }
    out
}

/// The commands of a script, however its substitutions and blanks are written.
fn commands(script: &str) -> Vec<String> {
    let script = shell::parse(script);
    let words = |s: &shell::Simple| {
        let sets = s.assignments.iter().map(|a| format!("{}={}", a.name, a.value.rough(&script.source)));
        sets.chain(s.words.iter().map(|w| w.rough(&script.source))).collect::<Vec<_>>().join("\u{1f}")
    };
    let mut out: Vec<String> = script.simple_commands().map(words).collect();
    out.push(format!("{:?}", script.errors.iter().map(|e| e.kind).collect::<Vec<_>>()));
    let mut shape = String::new();
    shell::walk(&script, &mut |node, parents| shape.push_str(&format!("{}{:?} ", parents.len(), node.kind())));
    out.push(shape);
    out
}
