//! Compares the linter with the recorded answers of hadolint, BuildKit and ShellCheck, where they are present
//! (`../shared/conformance` beside the repository, or the folder in `LAYERWRIGHT_CONFORMANCE`).
//!
//! `LAYERWRIGHT_SHOW=DL3008` prints the differences of one code.

use std::collections::BTreeMap;
use std::path::PathBuf;

use layerwright::lint::{LintOptions, Profile, ShellOptions, lint, lint_shell};
use serde_json::Value;

fn data(name: &str) -> Option<String> {
    let root = std::env::var_os("LAYERWRIGHT_CONFORMANCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance"), PathBuf::from);
    std::fs::read_to_string(root.join("data").join(name)).ok()
}

fn lines(name: &str) -> Vec<Value> {
    data(name).map_or_else(Vec::new, |t| t.lines().filter_map(|l| serde_json::from_str(l).ok()).collect())
}

#[derive(Default)]
struct Tally {
    cases: usize,
    same: usize,
    codes: BTreeMap<String, [usize; 3]>,
}

impl Tally {
    fn add(&mut self, id: &str, text: &str, mut want: Vec<String>, mut got: Vec<String>) {
        want.sort();
        got.sort();
        want.dedup();
        got.dedup();
        self.cases += 1;
        self.same += usize::from(want == got);
        let show = std::env::var("LAYERWRIGHT_SHOW").unwrap_or_default();
        for (list, other, slot) in [(&want, &got, 2), (&got, &want, 1)] {
            for finding in list {
                let code = finding.split(':').next().unwrap_or("").to_owned();
                let hit = other.contains(finding);
                let slot = if hit { 0 } else { slot };
                if hit && std::ptr::eq(list, &got) {
                    continue;
                }
                if !hit && code == show {
                    println!("{id} {} {finding}\n{text}\n", if slot == 1 { "EXTRA" } else { "MISSING" });
                }
                self.codes.entry(code).or_default()[slot] += 1;
            }
        }
    }

    fn print(&self, name: &str) -> f64 {
        let sum = |i: usize| self.codes.values().map(|c| c[i]).sum::<usize>();
        println!(
            "{name}: {}/{} the same; {} found, {} extra, {} missing",
            self.same,
            self.cases,
            sum(0),
            sum(1),
            sum(2)
        );
        let mut codes: Vec<_> = self.codes.iter().filter(|(_, c)| c[1] + c[2] > 0).collect();
        codes.sort_by_key(|(_, c)| std::cmp::Reverse(c[1] + c[2]));
        for (code, [hit, extra, missing]) in codes.iter().take(60) {
            println!("  {code:10} {hit:5} found {extra:4} extra {missing:4} missing");
        }
        self.same as f64 / self.cases.max(1) as f64
    }
}

#[test]
fn hadolint_rules_agree_with_hadolint() {
    let cases: Vec<Value> = data("hadolint/cases.json").and_then(|t| serde_json::from_str(&t).ok()).unwrap_or_default();
    for (name, list, floor) in [("cases", cases, 0.99), ("corpus", lines("hadolint/corpus.jsonl"), 0.985)] {
        if list.is_empty() {
            continue;
        }
        let mut tally = Tally::default();
        for case in &list {
            let text = case["dockerfile"].as_str().unwrap_or("");
            let options = LintOptions {
                profile: Some(Profile::Hadolint),
                config: case["config"].as_str().map(str::to_owned),
                ..LintOptions::default()
            };
            let found = lint(text.as_bytes(), &options).expect("a valid configuration").findings;
            let got = found.iter().filter(|f| f.code.starts_with("DL"));
            let got = got.map(|f| format!("{}:{}:{}", f.code, f.line, f.level.name())).collect();
            let want = case["findings"].as_array().into_iter().flatten();
            let want = want
                .filter(|f| f["code"].as_str().is_some_and(|c| c.starts_with("DL")))
                .map(|f| {
                    format!("{}:{}:{}", f["code"].as_str().unwrap_or(""), f["line"], f["level"].as_str().unwrap_or(""))
                })
                .collect();
            tally.add(case["id"].as_str().unwrap_or(""), text, want, got);
        }
        assert!(tally.print(name) > floor, "hadolint {name}");
    }
}

#[test]
fn checks_agree_with_buildkit() {
    for file in ["unit", "corpus", "mutant", "corpus-windows"] {
        let list = lines(&format!("buildkit/{file}.jsonl"));
        let mut tally = Tally::default();
        for (index, case) in list.iter().enumerate() {
            if !case["lint_error"].is_null() || !case["parse_error"].is_null() || case["lint"].is_null() {
                continue;
            }
            let Some(text) = case["src"].as_str() else { continue };
            let opt = |key: &str| if case[key].is_null() { &case["opt"][key] } else { &case[key] };
            let options = LintOptions {
                profile: Some(Profile::Buildkit),
                build_args: serde_json::from_value(opt("build_args").clone()).unwrap_or_default(),
                target: opt("target").as_str().map(str::to_owned),
                platform: opt("platform").as_str().map(str::to_owned),
                dockerignore: opt("dockerignore").as_str().map(str::to_owned),
                base_configs: serde_json::from_value(opt("base_configs").clone()).unwrap_or_default(),
                check: opt("check").as_str().map(str::to_owned),
                ..LintOptions::default()
            };
            let found = lint(text.as_bytes(), &options).expect("no configuration").findings;
            // The same rule can be reported several times for one instruction: numbered, so that counts matter.
            let numbered = |list: Vec<String>| {
                let mut seen: BTreeMap<String, usize> = BTreeMap::new();
                list.into_iter()
                    .map(|f| {
                        let n = seen.entry(f.clone()).or_default();
                        *n += 1;
                        format!("{f}#{n}")
                    })
                    .collect::<Vec<_>>()
            };
            let got = numbered(found.iter().map(|f| format!("{}:{}-{}", f.code, f.lines.from, f.lines.to)).collect());
            let want = case["lint"].as_array().into_iter().flatten();
            let want =
                numbered(want.map(|w| format!("{}:{}-{}", w[0].as_str().unwrap_or(""), w[1][0], w[1][1])).collect());
            let id = format!("{file}:{index}");
            tally.add(&id, text, want, got);
        }
        if tally.cases > 0 {
            assert!(tally.print(file) > 0.0, "checks {file}");
        }
    }
}

#[test]
fn shell_rules_agree_with_shellcheck() {
    let list = lines("shell/runs.jsonl");
    if list.is_empty() {
        return;
    }
    let mut tally = Tally::default();
    for case in &list {
        let text = case["body"].as_str().unwrap_or("");
        let options = ShellOptions {
            shell: case["shell"].as_str().map(str::to_owned),
            env: serde_json::from_value(case["env"].clone()).unwrap_or_default(),
        };
        let found = lint_shell(text, &options).findings;
        let got = found.iter().map(|f| format!("{}:{}:{}", f.code, f.line, f.column)).collect();
        let want = case["findings"].as_array().into_iter().flatten();
        let want =
            want.map(|f| format!("{}:{}:{}", f["code"].as_str().unwrap_or(""), f["line"], f["column"])).collect();
        tally.add(case["id"].as_str().unwrap_or(""), text, want, got);
    }
    assert!(tally.print("runs") > 0.98, "shellcheck runs");
    let cases: Vec<Value> = data("shell/cases.json").and_then(|t| serde_json::from_str(&t).ok()).unwrap_or_default();
    let mut right = 0;
    for case in &cases {
        let text = case["body"].as_str().unwrap_or("");
        let options = ShellOptions { shell: case["shell"].as_str().map(str::to_owned), env: Vec::new() };
        let fires = case["fires"].as_bool().unwrap_or(false);
        let hit = lint_shell(text, &options).findings.iter().any(|f| {
            f.code == case["code"].as_str().unwrap_or("")
                && (!fires
                    || (Some(u64::from(f.line)) == case["line"].as_u64()
                        && Some(u64::from(f.column)) == case["column"].as_u64()))
        });
        if hit == fires {
            right += 1;
        } else {
            println!("cases {} {} fires {fires}", case["code"], case["body"]);
        }
    }
    println!("cases: {right}/{}", cases.len());
}
