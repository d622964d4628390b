//! Compares the Dockerfile half with BuildKit's recorded answers, where those are beside the repository.
//!
//! This is the quick native twin of `tests/conformance`: it needs no wasm build. It fails below the scores it names.

use std::path::PathBuf;

use layerwright::dockerfile::{parse, report};
use serde_json::{Map, Value, json};

fn data(name: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/data/buildkit").join(name);
    std::fs::read_to_string(path).ok()
}

fn cases() -> Vec<Value> {
    let files = ["unit", "corpus", "mutant", "corpus-windows"];
    let mut all = Vec::new();
    for file in files {
        let Some(text) = data(&format!("{file}.jsonl")) else { continue };
        for (i, line) in text.lines().enumerate() {
            let mut case: Value = serde_json::from_str(line).expect("recorded data is JSON");
            case["id"] = json!(format!("{file}#{i}"));
            all.push(case);
        }
    }
    all
}

fn source(case: &Value) -> Vec<u8> {
    if let Some(text) = case["src"].as_str() {
        return text.as_bytes().to_vec();
    }
    let digits = case["src_b64"].as_str().unwrap_or_default().bytes();
    let mut out = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for d in digits {
        let v = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().position(|&b| b == d);
        let Some(v) = v else { continue };
        bits = bits << 6 | v as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    out
}

/// Absent, empty, zero and false are the same.
fn tidy(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(tidy).collect(),
        Value::Object(map) => {
            let empty = |v: &Value| match v {
                Value::Null | Value::Bool(false) => true,
                Value::String(s) => s.is_empty(),
                Value::Number(n) => n.as_f64() == Some(0.0),
                Value::Array(l) => l.is_empty(),
                Value::Object(m) => m.is_empty(),
                Value::Bool(true) => false,
            };
            let map: Map<String, Value> =
                map.iter().map(|(k, v)| (k.clone(), tidy(v))).filter(|(_, v)| !empty(v)).collect();
            Value::Object(map)
        }
        other => other.clone(),
    }
}

struct Score {
    name: &'static str,
    passed: usize,
    all: usize,
    shown: usize,
}

impl Score {
    fn new(name: &'static str) -> Self {
        Self { name, passed: 0, all: 0, shown: 0 }
    }

    fn compare(&mut self, id: &str, want: &Value, got: &Value, text: &str) {
        self.all += 1;
        if tidy(want) == tidy(got) {
            self.passed += 1;
        } else if self.shown < std::env::var("SHOW").ok().and_then(|s| s.parse().ok()).unwrap_or(0) {
            self.shown += 1;
            println!("--- {} {id}\nwant {}\ngot  {}\ntext {text:?}", self.name, tidy(want), tidy(got));
        }
    }

    fn at_least(self, share: f64) {
        println!("{}: {}/{}", self.name, self.passed, self.all);
        assert!(self.passed as f64 >= share * self.all as f64, "{}: {} of {}", self.name, self.passed, self.all);
    }
}

fn recorded_node(node: &Value) -> Value {
    let empty = Vec::new();
    let n = node["n"].as_array().unwrap_or(&empty);
    let child = n.iter().filter_map(|x| x["ch"].get(0)).map(recorded_node).next();
    let docs = node["h"].as_array().unwrap_or(&empty).iter();
    let docs: Vec<Value> = docs
        .map(|h| json!({"name": h["name"], "content": h["content"], "expand": h["expand"], "chomp": h["chomp"], "fd": h["fd"]}))
        .collect();
    json!({
        "keyword": node["v"], "flags": node["f"], "json": node["a"]["json"], "lines": node["l"],
        "args": n.iter().filter(|x| x.is_string()).collect::<Vec<_>>(),
        "child": child, "heredocs": docs,
    })
}

fn our_node(node: &Value, top: bool) -> Value {
    let texts = |list: &Value| -> Vec<Value> {
        list.as_array().map(|l| l.iter().map(|x| x["text"].clone()).collect()).unwrap_or_default()
    };
    let docs = node["heredocs"].as_array().cloned().unwrap_or_default();
    let docs: Vec<Value> = docs
        .iter()
        .map(|h| json!({"name": h["name"], "content": h["content"], "expand": h["expand"], "chomp": h["chomp"], "fd": h["fd"]}))
        .collect();
    json!({
        "keyword": node["keyword"], "flags": texts(&node["flags"]), "json": node["json"],
        "lines": if top { json!([node["lines"]["from"], node["lines"]["to"]]) } else { Value::Null },
        "args": texts(&node["args"]),
        "child": node.get("child").map(|c| our_node(c, false)), "heredocs": docs,
    })
}

#[test]
fn syntax_trees_are_those_of_buildkit() {
    let mut score = Score::new("ast");
    for case in cases() {
        if case.get("ast").is_none() && case.get("parse_error").is_none() {
            continue;
        }
        let source = source(&case);
        let file = parse(&source);
        let ours = serde_json::to_value(report::report(&file, &source)).expect("plain data");
        let want = match case.get("ast").and_then(Value::as_array) {
            Some(nodes) if case.get("parse_error").is_none() => {
                let escape = case["escape"].as_str().filter(|e| *e != "\\");
                json!({"nodes": nodes.iter().map(recorded_node).collect::<Vec<_>>(), "escape": escape})
            }
            _ => json!({"error": true}),
        };
        let got = if ours.get("syntaxError").is_some() {
            json!({"error": true})
        } else {
            let nodes = ours["instructions"].as_array().cloned().unwrap_or_default();
            let escape = ours["escape"].as_str().filter(|e| *e != "\\");
            json!({"nodes": nodes.iter().map(|n| our_node(n, true)).collect::<Vec<_>>(), "escape": escape})
        };
        score.compare(case["id"].as_str().unwrap_or(""), &want, &got, &String::from_utf8_lossy(&source));
    }
    score.at_least(0.999);
}

fn typed(node: &Value) -> Value {
    let v = &node["value"];
    let l = json!([node["lines"]["from"], node["lines"]["to"]]);
    let pairs = |v: &Value| -> Vec<Value> {
        let list = v["pairs"].as_array().cloned().unwrap_or_default();
        list.iter()
            .map(|p| {
                let mut kv = vec![p["key"].clone(), p.get("value").cloned().unwrap_or(Value::Null)];
                if p["legacy"] == true {
                    kv.push(json!("legacy"));
                }
                kv.extend(p.get("doc").cloned());
                Value::Array(kv)
            })
            .collect()
    };
    let files = |v: &Value, key: &str| -> Vec<Value> {
        let list = v[key].as_array().cloned().unwrap_or_default();
        list.iter()
            .map(|f| match key {
                "files" => json!({"name": f["name"], "data": f["data"], "chomp": f["chomp"]}),
                _ => json!({"path": f["name"], "data": f["data"], "expand": f["expand"]}),
            })
            .collect()
    };
    let kind = v["kind"].as_str().unwrap_or("");
    let mut names: Vec<&str> = Vec::new();
    for flag in node["flags"].as_array().into_iter().flatten() {
        let name = flag["name"].as_str().unwrap_or("");
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.sort_unstable();
    let mut out = match kind {
        "env" | "label" | "arg" => json!({"kv": pairs(v)}),
        "run" => json!({
            "cmd": v["command"], "shell": v["shell"], "files": files(v, "files"), "flags": names,
            "mounts_raw": v["mounts"], "network": if v["network"] == "default" { Value::Null } else { v["network"].clone() },
            "security": if v["security"] == "sandbox" { Value::Null } else { v["security"].clone() }, "devices": v["devices"],
        }),
        "cmd" | "entrypoint" => json!({"cmd": v["command"], "shell": v["shell"]}),
        "copy" | "add" => json!({
            "src": v["sources"], "dest": v["dest"], "inline": files(v, "inline"), "from": v["from"], "chown": v["chown"],
            "chmod": v["chmod"], "link": v["link"], "exclude": v["exclude"], "parents": v["parents"],
            "keep_git_dir": v["keepGitDir"], "checksum": v["checksum"], "unpack": v["unpack"],
        }),
        "expose" => json!({"ports": v["ports"]}),
        "volume" => json!({"volumes": v["paths"]}),
        "user" => json!({"user": v["user"]}),
        "workdir" => json!({"path": v["path"]}),
        "stopsignal" => json!({"signal": v["signal"]}),
        "shell" => json!({"sh": v["command"]}),
        "onbuild" => json!({"expr": v["expression"]}),
        "maintainer" => json!({"maintainer": v["author"]}),
        "healthcheck" => json!({"health": {
            "Test": v["test"], "Interval": v["interval"], "Timeout": v["timeout"], "StartPeriod": v["startPeriod"],
            "StartInterval": v["startInterval"], "Retries": v["retries"],
        }}),
        _ => json!({}),
    };
    out["i"] = json!(kind);
    out["l"] = l;
    out
}

/// The recorded form leaves out a shell form's one string where the tree's arguments say it.
fn recorded_command(c: &Value, args: Option<&String>) -> Value {
    let mut c = c.clone();
    let shell_like = matches!(c["i"].as_str(), Some("run" | "cmd" | "entrypoint"));
    if let (true, None, Some(args)) = (shell_like, c.get("cmd"), args) {
        c["cmd"] = json!([args]);
    }
    if let Some(map) = c.as_object_mut() {
        map.remove("doc");
    }
    c
}

#[test]
fn instructions_are_those_of_buildkit() {
    let mut score = Score::new("instructions");
    for case in cases() {
        if case.get("instr").is_none() && case.get("instr_error").is_none() {
            continue;
        }
        let source = source(&case);
        let ours = serde_json::to_value(report::report(&parse(&source), &source)).expect("plain data");
        let want = if case.get("instr_error").is_some() {
            json!({"error": true})
        } else {
            let mut by_line = std::collections::HashMap::new();
            for n in case["ast"].as_array().into_iter().flatten() {
                let words: Vec<&str> =
                    n["n"].as_array().into_iter().flatten().map(|x| x.as_str().unwrap_or("[object Object]")).collect();
                by_line.insert(n["l"][0].as_u64(), words.join(" "));
            }
            let cmds = |list: &Value, with: bool| -> Vec<Value> {
                let list = list.as_array().into_iter().flatten();
                list.map(|c| recorded_command(c, by_line.get(&c["l"][0].as_u64()).filter(|_| with))).collect()
            };
            let stages = case["instr"]["stages"].as_array().into_iter().flatten();
            let stages: Vec<Value> = stages
                .map(|s| json!({"name": s["name"], "base": s["base"], "platform": s["platform"], "cmds": cmds(&s["cmds"], true)}))
                .collect();
            json!({"meta": cmds(&case["instr"]["meta"], false), "stages": stages})
        };
        let got = if ours.get("error").is_some() {
            json!({"error": true, "why": ours["error"]["message"]})
        } else {
            let at = |i: &Value| typed(&ours["instructions"][i.as_u64().unwrap_or(0) as usize]);
            let stages = ours["stages"].as_array().into_iter().flatten();
            let stages: Vec<Value> = stages
                .map(|s| {
                    let list = s["instructions"].as_array().into_iter().flatten().skip(1);
                    json!({"name": s["name"], "base": s["base"], "platform": s["platform"], "cmds": list.map(at).collect::<Vec<_>>()})
                })
                .collect();
            let meta: Vec<Value> = ours["globalArgs"].as_array().into_iter().flatten().map(at).collect();
            json!({"meta": meta, "stages": stages})
        };
        let mut shown = got;
        if want.get("error").is_some() && shown.get("error").is_some() {
            shown = want.clone();
        }
        score.compare(case["id"].as_str().unwrap_or(""), &want, &shown, &String::from_utf8_lossy(&source));
    }
    score.at_least(0.997);
}

#[test]
fn modern_syntax_is_accepted_when_buildkit_accepts_it() {
    let Some(text) = data("../hadolint/probes.json") else { return };
    let probes: Value = serde_json::from_str(&text).expect("recorded data is JSON");
    let mut score = Score::new("probes");
    for probe in probes.as_array().into_iter().flatten() {
        let text = probe["dockerfile"].as_str().unwrap_or("");
        let file = parse(text.as_bytes());
        let got = json!({"ok": file.fatal().is_none()});
        score.compare(probe["id"].as_str().unwrap_or(""), &json!({"ok": probe["buildkit_accepts"]}), &got, text);
    }
    // `relabel=` of a mount is refused only when the build expands it.
    score.at_least(0.99);
}

#[test]
fn words_expand_as_in_buildkit() {
    use layerwright::dockerfile::{expand::Expander, syntax::Escape};
    let Some(text) = data("shell-words.json") else { return };
    let d: Value = serde_json::from_str(&text).expect("recorded data is JSON");
    let env = |v: &Value| -> Vec<(String, String)> {
        v.as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(|e| e.split_once('=').map_or((e.to_owned(), String::new()), |(k, v)| (k.to_owned(), v.to_owned())))
            .collect()
    };
    let mut score = Score::new("words");
    for c in d["upstream_envvar"].as_array().into_iter().flatten().filter(|c| c["platform"] != "windows") {
        let input = c["input"].as_str().unwrap_or("");
        let got = match Expander::default().expand(input, &env(&d["upstream_envvar_env"])) {
            Ok(e) => json!({"word": e.word}),
            Err(_) => json!({"error": true}),
        };
        let want = if c["error"] == true { json!({"error": true}) } else { json!({"word": c["expected"]}) };
        score.compare("envvar", &want, &got, input);
    }
    for c in d["generated"].as_array().into_iter().flatten() {
        let input = c["input"].as_str().unwrap_or("");
        let on = |k: &str| c[k] == true;
        let options = Expander {
            escape: if c["escape"] == "`" { Escape::Backquote } else { Escape::Backslash },
            raw_quotes: on("raw_quotes"),
            raw_escapes: on("raw_escapes"),
            skip_unset: on("skip_unset"),
            skip_quotes: on("skip_quotes"),
        };
        let env = env(c.get("env").unwrap_or(&d["generated_env"]));
        let sorted = |v: &Value| {
            let mut l: Vec<String> =
                v.as_array().into_iter().flatten().filter_map(|x| x.as_str().map(str::to_owned)).collect();
            l.sort();
            l
        };
        let got = match options.expand(input, &env) {
            Ok(e) => json!({"word": e.word, "words": e.words, "matched": e.matched, "unmatched": e.unmatched}),
            Err(_) => json!({"error": true}),
        };
        let want = if c.get("word_err").is_some() {
            json!({"error": true})
        } else {
            json!({"word": c["word"], "words": c["words"], "matched": sorted(&c["matched"]), "unmatched": sorted(&c["unmatched"])})
        };
        score.compare("generated", &want, &got, &format!("{input} {options:?}"));
    }
    score.at_least(1.0);
}

fn options(case: &Value) -> layerwright::plan::Options {
    use layerwright::plan::{Image, Options, Platform};
    let opt = |k: &str| case.get(k).or_else(|| case["opt"].get(k)).filter(|v| !v.is_null());
    let strings = |k: &str| -> std::collections::BTreeMap<String, String> {
        let map = opt(k).and_then(Value::as_object).into_iter().flatten();
        map.map(|(k, v)| (k.clone(), v.as_str().unwrap_or("").to_owned())).collect()
    };
    let default = Platform::linux("amd64");
    let platform = opt("platform").and_then(Value::as_str).map(|p| Platform::parse(p, &default).expect("a platform"));
    Options {
        target: opt("target").and_then(Value::as_str).map(str::to_owned),
        build_platform: platform.clone(),
        platform,
        build_args: strings("build_args"),
        check: opt("check").and_then(Value::as_str).map(str::to_owned),
        base_configs: opt("base_configs")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(k, v)| (k.clone(), serde_json::from_value::<Image>(v.clone()).expect("an image")))
            .collect(),
        ..Options::default()
    }
}

#[test]
fn plans_are_those_of_buildkit() {
    use layerwright::plan::{Base, plan};
    let mut score = Score::new("plan");
    for case in cases() {
        if case.get("plan").is_none() || case.get("build_error").is_some() {
            continue;
        }
        let source = source(&case);
        let plan = plan(&parse(&source), &options(&case));
        let got = if let Some(error) = &plan.error {
            json!({"error": error.message})
        } else {
            let stage = |s: &layerwright::plan::Stage| {
                let (on, base) = match &s.base {
                    Base::Stage(i) => (json!(i + 1), Value::Null),
                    Base::Scratch => (Value::Null, json!("scratch")),
                    Base::Image(i) | Base::Context(i) => (Value::Null, json!(i)),
                };
                json!({"name": s.name, "on": on, "base": base, "platform": s.platform.as_ref().map(|p| p.to_string()),
                    "deps": s.deps, "unreachable": !s.reachable, "ctx": s.context_paths})
            };
            plan.stages.iter().map(stage).collect()
        };
        let sorted = |v: &Value| {
            let mut l = v.as_array().cloned().unwrap_or_default();
            l.sort_by_key(|x| (x.as_u64(), x.as_str().map(str::to_owned)));
            l
        };
        let recorded = case["plan"].as_array().into_iter().flatten();
        let want: Value = recorded
            .map(|s| {
                json!({"name": s["name"], "on": s["on"].as_u64().map(|o| o + 1), "base": s["base"], "platform": s["platform"],
                    "deps": sorted(&s["deps"]), "unreachable": s["reachable"] == false, "ctx": sorted(&s["ctx"])})
            })
            .collect();
        score.compare(case["id"].as_str().unwrap_or(""), &want, &got, &String::from_utf8_lossy(&source));
    }
    score.at_least(0.995);
}

#[test]
fn images_are_those_of_buildkit() {
    use layerwright::check::plan;
    let mut score = Score::new("image");
    for case in cases() {
        if case.get("image").is_none() && case.get("build_error").is_none() {
            continue;
        }
        let source = source(&case);
        let plan = plan(&source, &parse(&source), &options(&case), None);
        let mut got = match &plan.error {
            Some(error) => json!({"error": true, "why": error.message}),
            None => {
                let image = serde_json::to_value(&plan.image).expect("plain data");
                let history = image["history"].as_array().into_iter().flatten();
                let history: Vec<Value> =
                    history.map(|h| json!({"created_by": h["created_by"], "empty_layer": h["empty_layer"]})).collect();
                json!({"architecture": image["architecture"], "os": image["os"], "variant": image["variant"],
                    "config": image["config"], "history": history})
            }
        };
        let want = if case.get("build_error").is_some() {
            json!({"error": true})
        } else {
            let image = &case["image"];
            let history = image["history"].as_array().into_iter().flatten();
            let history: Vec<Value> = history
                .map(|h| match h.as_array() {
                    Some(h) => json!({"created_by": h[0], "empty_layer": h.get(1).is_some_and(|e| e == "empty")}),
                    None => json!({"created_by": h["created_by"], "empty_layer": h["empty_layer"]}),
                })
                .collect();
            json!({"architecture": image["architecture"], "os": image["os"], "variant": image["variant"],
                "config": image["config"], "history": history})
        };
        if want["error"] == true && got["error"] == true {
            got = want.clone();
        }
        score.compare(case["id"].as_str().unwrap_or(""), &want, &got, &String::from_utf8_lossy(&source));
    }
    score.at_least(1.0);
}

#[test]
fn dockerignore_matches_as_moby_does() {
    use layerwright::dockerfile::dockerignore::{Matcher, read};
    let Some(text) = data("dockerignore-cases.json") else { return };
    let d: Value = serde_json::from_str(&text).expect("recorded data is JSON");
    let mut score = Score::new("dockerignore");
    let list = |v: &Value| -> Vec<Value> { v.as_array().cloned().unwrap_or_default() };
    let strings = |v: &Value| -> Vec<String> { list(v).iter().map(|s| s.as_str().unwrap_or("").to_owned()).collect() };
    let ignored = |patterns: &[String], path: &str| match Matcher::new(patterns).and_then(|m| m.ignored(path)) {
        Ok(ignored) => json!([ignored]),
        Err(_) => json!("error"),
    };
    for c in list(&d["upstream_or_parent"]).iter().chain(&list(&d["upstream_named"])) {
        let want = if c.get("error").is_some_and(|e| *e != false && !e.is_null()) {
            json!("error")
        } else {
            json!([c["expected"]])
        };
        score.compare("m", &want, &ignored(&strings(&c["patterns"]), c["path"].as_str().unwrap_or("")), &c.to_string());
    }
    for c in list(&d["generated"]) {
        for (path, v) in c["or_parent"].as_object().into_iter().flatten() {
            let want = if v.is_boolean() { json!([v]) } else { json!("error") };
            score.compare("g", &want, &ignored(&strings(&c["patterns"]), path), &format!("{} {path:?}", c["patterns"]));
        }
    }
    for c in list(&d["upstream_readall"]).iter().chain(&list(&d["readall"])) {
        let text = c["text"].as_str().unwrap_or("");
        score.compare("r", &json!({"p": c["patterns"]}), &json!({"p": read(text)}), &format!("{text:?}"));
    }
    let tree = strings(&d["walk_tree"]);
    let all = d.get("walk_all").map(&strings).unwrap_or_else(|| tree.clone());
    for c in list(&d["walk"]).iter().filter(|c| c["dockerignore"].is_string()) {
        let text = c["dockerignore"].as_str().unwrap_or("");
        let mut want: Vec<String> =
            list(&c["sent"]).iter().map(|i| all[i.as_u64().unwrap_or(0) as usize].clone()).collect();
        want.sort();
        let paths: Vec<&str> = tree.iter().map(String::as_str).collect();
        let got = match Matcher::new(&read(text)).and_then(|m| m.walk(&paths)) {
            Ok(mut sent) => {
                sent.sort();
                json!(sent)
            }
            Err(_) => json!("error"),
        };
        let want =
            if c.get("error").is_some_and(|e| *e != false && !e.is_null()) { json!("error") } else { json!(want) };
        score.compare("w", &want, &got, &format!("{text:?}"));
    }
    score.at_least(1.0);
}

#[test]
fn formatting_keeps_the_build_of_every_real_file() {
    use layerwright::dockerfile::format::{Continuation, FormatOptions, KeywordCase, format, same_build};
    let plain = FormatOptions::default();
    let variants = [
        plain,
        FormatOptions { continuation: Continuation::Align, indent: 2, break_commands: true, ..plain },
        FormatOptions { continuation: Continuation::Keep, keyword_case: KeywordCase::Lower, indent: 0, ..plain },
        FormatOptions { sort_packages: true, break_commands: true, blank_lines: 3, ..plain },
        FormatOptions {
            sort_packages: true,
            continuation: Continuation::Align,
            keyword_case: KeywordCase::Keep,
            ..plain
        },
    ];
    let mut score = Score::new("format");
    for case in cases() {
        let Some(text) = case["src"].as_str() else { continue };
        let before = parse(text.as_bytes());
        for options in &variants {
            let made = format(text, options);
            let after = parse(made.as_bytes());
            let same = options.sort_packages || same_build(&before, &after);
            let again = format(&made, options);
            let id = format!("{} {options:?}", case["id"].as_str().unwrap_or(""));
            let got = json!({"same": same, "again": again, "scripts": scripts(&after, options.sort_packages)});
            let want = json!({"same": true, "again": made, "scripts": scripts(&before, options.sort_packages)});
            score.compare(&id, &want, &got, text);
        }
    }
    score.at_least(1.0);
}

/// Everything that the formatter must not touch: instructions, flags, comments, here-documents, and scripts as a shell
/// divides them. With `sorted`, the words of commands in order.
fn scripts(file: &layerwright::dockerfile::Dockerfile, sorted: bool) -> Value {
    use layerwright::dockerfile::Keyword;
    let node = |node: &layerwright::dockerfile::Node| {
        let heredocs: Vec<_> = node.heredocs.iter().map(|h| h.content.to_string()).collect();
        let flags: Vec<_> = node.flags.iter().map(|f| f.text.to_string()).collect();
        let script = node.rest();
        let script = if node.kind == Keyword::Run && !node.json { script } else { "" };
        let mut words = Vec::new();
        layerwright::shell::walk(&layerwright::shell::parse(script), &mut |part, _| {
            if let layerwright::shell::Node::Word(word, _) = part {
                let text = word.span.str_of(script);
                // White space in a substitution or a list is the shell's.
                let inner = text.contains(['(', '`']);
                words.push(if inner { text.split_whitespace().collect() } else { text.to_owned() });
            }
        });
        if sorted {
            words.sort_unstable();
        }
        json!([flags, heredocs, words])
    };
    let comments: Vec<_> = file.comments.iter().map(|c| c.text.to_string()).collect();
    json!([comments, file.nodes.iter().map(node).collect::<Vec<_>>()])
}
