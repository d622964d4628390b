//! Builds what BuildKit built, and compares configuration, history and file system with what it made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use layerwright::archive::tar_write::Time;
use layerwright::build::assemble::{Built, GivenImage, NamedContext, Request, build};
use layerwright::build::context::{ContextFile, ContextKind};
use layerwright::build::error::BuildError;
use layerwright::build::fetch::{Fetch, Fetched};
use layerwright::build::layer::LayerCompression;
use layerwright::build::run::Answer;
use layerwright::build::tree::Content;
use layerwright::image::save::{SaveFormat, save};
use layerwright::image::{Image, Limits, Unwatched};
use layerwright::plan::Platform;
use serde_json::{Map, Value, json};

/// The recorded builds, where they are beside the project.
fn fixtures() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures");
    // A worktree lies one folder deeper.
    let deeper = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/fixtures");
    [path, deeper].into_iter().find(|path| path.is_dir())
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut out = Vec::new();
    for chunk in text.as_bytes().chunks(4) {
        let used: Vec<u8> = chunk.iter().filter(|byte| **byte != b'=').map(|byte| digit(*byte)).collect();
        let bits = used.iter().fold(0u32, |bits, digit| bits << 6 | u32::from(*digit)) << (6 * (4 - used.len()));
        out.extend_from_slice(&bits.to_be_bytes()[1..used.len()]);
    }
    out
}

fn files(list: &Value) -> Vec<ContextFile> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|file| {
            let bytes = || match file.get("base64").and_then(Value::as_str) {
                Some(text) => base64(text),
                None => text(file, "text").as_bytes().to_vec(),
            };
            let kind = match text(file, "type") {
                "dir" => ContextKind::Dir,
                "symlink" => ContextKind::Symlink(text(file, "linkname").into()),
                _ => ContextKind::File(Content::bytes(bytes())),
            };
            ContextFile {
                path: text(file, "path").into(),
                kind,
                mode: u32::from_str_radix(text(file, "mode"), 8).ok(),
                mtime: Time { seconds: file["mtime"].as_i64().unwrap_or(0), nanos: 0 },
            }
        })
        .collect()
}

fn strings(value: Option<&Value>) -> BTreeMap<String, String> {
    let map = value.and_then(Value::as_object).cloned().unwrap_or_default();
    map.into_iter().map(|(key, value)| (key, value.as_str().unwrap_or_default().to_owned())).collect()
}

fn open(path: &Path) -> Rc<Image> {
    let bytes = Rc::new(std::fs::read(path).unwrap());
    Rc::new(pollster::block_on(Image::open(bytes, Limits::default(), &Unwatched)).unwrap())
}

fn request(root: &Path, dockerfile: Vec<u8>, options: &Value, context: Vec<ContextFile>) -> Request {
    let mut contexts = BTreeMap::new();
    for (name, context) in options.get("contexts").and_then(Value::as_object).cloned().unwrap_or_default() {
        let context = match context.get("oci").and_then(Value::as_str) {
            Some(file) => NamedContext::Image(GivenImage {
                image: open(&root.join("bases").join(file)),
                digest: text(&context, "digest").parse().ok(),
            }),
            None => NamedContext::Files(files(&options["other_contexts"][&name])),
        };
        contexts.insert(name, context);
    }
    let platform = |text: &str| Platform::parse(text, &Platform::linux("amd64")).unwrap();
    Request {
        dockerfile,
        context,
        contexts,
        build_args: strings(options.get("build_args")),
        labels: strings(options.get("labels")),
        target: options.get("target").and_then(Value::as_str).map(str::to_owned),
        platforms: text(options, "platform").split(',').filter(|text| !text.is_empty()).map(platform).collect(),
        compression: match text(&options["output"], "compression") {
            "zstd" => LayerCompression::Zstd(3),
            _ => LayerCompression::default(),
        },
        docker_types: text(&options["output"], "oci-mediatypes") == "false",
        rewrite_timestamp: text(&options["output"], "rewrite-timestamp") == "true",
        ..Request::default()
    }
}

/// Absent, empty, zero and false are the same.
fn tidy(value: &Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) if text.is_empty() => None,
        Value::Number(number) if number.as_f64() == Some(0.0) => None,
        Value::Array(list) if list.is_empty() => None,
        Value::Array(list) => Some(Value::Array(list.iter().map(|v| tidy(v).unwrap_or(Value::Null)).collect())),
        Value::Object(map) => {
            let map: Map<String, Value> = map.iter().filter_map(|(k, v)| Some((k.clone(), tidy(v)?))).collect();
            (!map.is_empty()).then_some(Value::Object(map))
        }
        other => Some(other.clone()),
    }
}

fn facts(config: &Value, dated: bool) -> Option<Value> {
    let history: Vec<Value> = config["history"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| json!({ "created_by": entry["created_by"], "empty_layer": entry["empty_layer"] }))
        .collect();
    tidy(&json!({
        "architecture": config["architecture"], "os": config["os"], "variant": config["variant"],
        "config": config["config"], "history": history,
        "layers": config["rootfs"]["diff_ids"].as_array().map(Vec::len),
        "created": if dated { config["created"].clone() } else { Value::Null },
    }))
}

fn line(entry: &Value) -> Option<String> {
    let fields = ["path", "type", "mode", "uid", "gid", "size", "linkname", "sha256"];
    if entry["path"] == "." {
        return None;
    }
    Some(fields.iter().filter_map(|key| tidy(&entry[*key]).map(|value| format!("{key}={value} "))).collect())
}

/// The file systems of what was built, by architecture, from the archive that is written of it.
fn reread(built: &Built) -> BTreeMap<String, (Value, BTreeSet<String>)> {
    let rope = save(&built.contents, SaveFormat::Hybrid).unwrap();
    let image = pollster::block_on(Image::open(Rc::new(rope), Limits::default(), &Unwatched)).unwrap();
    let report = pollster::block_on(image.verify(&Unwatched)).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    let mut out = BTreeMap::new();
    for (number, manifest) in image.images() {
        let merged = pollster::block_on(image.tree(number, Some(u64::MAX), &Unwatched)).unwrap();
        let mut lines = BTreeSet::new();
        merged.visit(&mut |view| {
            let attributes = &view.node.attributes;
            let sha256 = view.sha256.map(|hash| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
            lines.extend(line(&json!({
                "path": String::from_utf8_lossy(view.path), "type": attributes.kind.name(),
                "mode": format!("{:04o}", attributes.mode), "uid": attributes.uid, "gid": attributes.gid,
                "size": attributes.size, "linkname": String::from_utf8_lossy(&attributes.link), "sha256": sha256,
            })));
        });
        let config = manifest.config_json.clone().unwrap();
        out.insert(text(&config, "architecture").to_owned(), (config, lines));
    }
    out
}

fn run(request: Request) -> Result<Built, BuildError> {
    pollster::block_on(build(request, &Unwatched, &[]))
}

#[test]
fn builds_what_buildkit_built() {
    let Some(fixtures) = fixtures() else { return };
    let root = fixtures.join("built");
    let mut names: Vec<String> = std::fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| root.join(name).join("options.json").exists())
        .collect();
    names.sort();
    let mut wrong = Vec::new();
    for name in &names {
        let options = read(&root.join(name).join("options.json"));
        let dockerfile = std::fs::read(root.join(name).join("Dockerfile")).unwrap();
        let dated = options["build_args"].get("SOURCE_DATE_EPOCH").is_some();
        let built = match run(request(&root, dockerfile, &options, files(&options["context"]))) {
            Ok(built) => built,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        let oracle = fixtures.join("oracle/built").join(name);
        let got = reread(&built);
        for manifest in read(&oracle.join("facts.json"))["facts"]["manifests"].as_array().unwrap() {
            if !manifest["layers"].is_array() {
                continue;
            }
            let wanted = &manifest["config"]["json"];
            let Some((config, tree)) = got.get(text(wanted, "architecture")) else {
                wrong.push(format!("{name}: no image for {}", wanted["architecture"]));
                continue;
            };
            if facts(config, dated) != facts(wanted, dated) {
                wrong.push(format!("{name}: want {:?}\n got {:?}", facts(wanted, dated), facts(config, dated)));
            }
            let digest = text(&manifest["descriptor"], "digest").split(':').nth(1).unwrap();
            let rootfs = read(&oracle.join(&digest[..12]).join("rootfs.json"));
            let lines: BTreeSet<String> = rootfs.as_array().unwrap().iter().filter_map(line).collect();
            if *tree != lines {
                let missing: Vec<&String> = lines.difference(tree).collect();
                let more: Vec<&String> = tree.difference(&lines).collect();
                wrong.push(format!("{name}: lacks {missing:#?} has {more:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), names.len(), wrong.join("\n"));
}

#[test]
fn fails_where_buildkit_fails() {
    let Some(fixtures) = fixtures() else { return };
    let root = fixtures.join("built");
    let mut wrong = Vec::new();
    for case in read(&root.join("errors.json")).as_array().unwrap() {
        let context = case["context"].as_object().unwrap().iter().map(|(path, value)| ContextFile {
            path: path.as_str().into(),
            kind: match value {
                Value::String(text) => ContextKind::File(Content::bytes(text.clone().into_bytes())),
                value if value.get("symlink").is_some() => ContextKind::Symlink(text(value, "symlink").into()),
                value => ContextKind::File(Content::bytes(base64(text(value, "base64")))),
            },
            mode: None,
            mtime: Time::default(),
        });
        let dockerfile = text(case, "dockerfile").as_bytes().to_vec();
        match run(request(&root, dockerfile, &case["options"], context.collect())) {
            Ok(_) => wrong.push(format!("{}: was built; BuildKit says {}", case["name"], case["error"])),
            Err(error) => println!("{}: {} {error}", case["name"], error.code()),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn archive(built: &Built, format: SaveFormat) -> Vec<u8> {
    use layerwright::image::ReadAt;
    let rope = save(&built.contents, format).unwrap();
    pollster::block_on(rope.read_at(0, usize::try_from(rope.size()).unwrap())).unwrap()
}

fn entry(path: &str, kind: ContextKind) -> ContextFile {
    ContextFile { path: path.into(), kind, mode: None, mtime: Time { seconds: 1_700_000_000, nanos: 5 } }
}

fn file(path: &str, text: &str) -> ContextFile {
    entry(path, ContextKind::File(Content::bytes(text.as_bytes())))
}

fn made(dockerfile: &str, context: Vec<ContextFile>) -> Result<Built, BuildError> {
    run(Request { dockerfile: dockerfile.into(), context, ..Request::default() })
}

#[test]
fn the_order_of_files_does_not_show() {
    let list = || {
        let mut list: Vec<ContextFile> = (0..40).map(|n| file(&format!("d{}/f{n}", n % 7), &"x".repeat(n))).collect();
        list.push(entry("d0", ContextKind::Dir));
        list.push(entry("l", ContextKind::Symlink(b"d0/f0".to_vec())));
        list.push(entry("h", ContextKind::HardLink(b"d3/f3".to_vec())));
        list
    };
    let dockerfile = "FROM scratch\nCOPY . /app/\nADD d1 d2 /x/\nCOPY --link l /y/\nWORKDIR /w/a\n";
    let first = archive(&made(dockerfile, list()).unwrap(), SaveFormat::OciLayout);
    assert_eq!(first, archive(&made(dockerfile, list()).unwrap(), SaveFormat::OciLayout));
    for seed in 1..20usize {
        let mut shuffled = list();
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, (seed * 7919 + at * 104_729) % (at + 1));
        }
        assert_eq!(first, archive(&made(dockerfile, shuffled).unwrap(), SaveFormat::OciLayout), "{seed}");
    }
}

#[test]
fn each_stage_has_the_base_of_its_own_platform() {
    let Some(fixtures) = fixtures() else { return };
    let image = GivenImage { image: open(&fixtures.join("built/bases/multi.tar")), digest: None };
    let dockerfile =
        "FROM --platform=linux/arm64 base AS other\nFROM base\nCOPY --from=other /arch /other\nENV A=$TARGETARCH\n";
    let mut bases = BTreeMap::new();
    bases.insert("base".to_owned(), image);
    let request = Request { dockerfile: dockerfile.into(), bases, ..Request::default() };
    let built = run(request).unwrap();
    let (config, lines) = reread(&built).remove("amd64").unwrap();
    let hash = |path: &str| {
        let line = lines.iter().find(|line| line.starts_with(&format!("path=\"{path}\" "))).unwrap();
        line.split("sha256=").nth(1).unwrap().to_owned()
    };
    assert_ne!(hash("arch"), hash("other"));
    assert_eq!(config["architecture"], "amd64");
}

#[test]
fn a_stage_that_starts_from_files_has_them_as_a_layer() {
    let mut contexts = BTreeMap::new();
    contexts.insert("files".to_owned(), NamedContext::Files(vec![file("f", "x")]));
    let request = Request { dockerfile: b"FROM files\nENV A=1\n".to_vec(), contexts, ..Request::default() };
    let (config, lines) = reread(&run(request).unwrap()).remove("amd64").unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(config["history"].as_array().unwrap().len(), 2);
}

#[test]
fn run_stops_or_is_left_out_and_said_so() {
    let dockerfile = "FROM scratch AS a\nCOPY f /f\nRUN one\nFROM a\nRUN two\nCOPY f /g\n";
    let context = || vec![file("f", "x")];
    let error = made(dockerfile, context()).err().unwrap();
    assert_eq!((error.code(), error.line()), ("RUN_NEEDS_EXECUTOR", Some(3)));
    let request = Request {
        dockerfile: dockerfile.into(),
        context: context(),
        on_run: layerwright::build::run::OnRun::Skip,
        ..Request::default()
    };
    let built = run(request).unwrap();
    let image = &built.images[0];
    assert_eq!(image.manifest.annotations["dev.layerwright.build.skipped-run-lines"], "3,5");
    let kept: Vec<bool> = image.config.history.iter().map(|entry| !entry.empty_layer).collect();
    assert_eq!(kept, [true, false, false, true]);
    assert_eq!((image.manifest.layers.len(), image.config.rootfs.diff_ids.len()), (2, 2));
}

#[test]
fn errors_name_the_line_and_what_to_do() {
    let say = |dockerfile: &str| made(dockerfile, vec![file("a", "x"), file("b/c", "y")]).err().unwrap().to_string();
    insta::assert_snapshot!(
        [
            say("FROM scratch\nCOPY nope /x\n"),
            say("FROM scratch\nCOPY a /a\nCOPY b /a\n"),
            say("FROM scratch\nCOPY b /d/\nCOPY a /d/c/\n"),
            say("FROM scratch\nCOPY --chmod=u+q a /a\n"),
            say("FROM scratch\nCOPY --chown=app a /a\n"),
            say("FROM scratch\n\nRUN true\n"),
            say("FROM alpine\nCOPY a /a\n"),
            say("FROM scratch\nADD https://example.com/x /x\n"),
        ]
        .join("\n"),
    );
}

/// A command that writes a file, as an executor would.
struct Touch;

impl layerwright::build::execute::Executor for Touch {
    fn run<'a>(&'a self, call: &'a layerwright::build::execute::Call<'a>) -> layerwright::build::execute::Ran<'a> {
        use layerwright::build::tree::{Kind, Meta, Node, clean};
        Box::pin(async move {
            let mut after = call.tree.clone();
            let text = call.step.arguments.join(" ").into_bytes();
            let node = Node { meta: Meta::default(), kind: Kind::File(Content::bytes(text)) };
            after
                .put(&clean(b"/touched"), Rc::new(node))
                .map_err(|error| layerwright::build::execute::RunError::Other(error.to_string()))?;
            after.remove(&clean(b"/gone"));
            Ok(Some(after))
        })
    }
}

#[test]
fn what_an_executor_changed_is_the_layer() {
    let request = Request {
        dockerfile: b"FROM scratch\nCOPY a /gone\nRUN x\n".to_vec(),
        context: vec![file("a", "x")],
        ..Request::default()
    };
    let built = pollster::block_on(build(request, &Unwatched, &[&Touch])).unwrap();
    let (config, lines) = reread(&built).remove("amd64").unwrap();
    assert_eq!(config["history"].as_array().unwrap().len(), 2);
    assert_eq!(lines.len(), 1);
    assert!(lines.first().unwrap().starts_with("path=\"touched\""));
}

#[test]
fn what_is_opened_and_saved_keeps_its_blobs() {
    let Some(fixtures) = fixtures() else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(fixtures.join("small")).unwrap() {
        let path = entry.unwrap().path();
        let bytes = Rc::new(std::fs::read(&path).unwrap());
        let Ok(image) = pollster::block_on(Image::open(bytes, Limits::default(), &Unwatched)) else { continue };
        let image = Rc::new(image);
        let Ok(contents) = pollster::block_on(layerwright::image::export::contents(&image, &Unwatched)) else {
            continue;
        };
        for format in [SaveFormat::OciLayout, SaveFormat::DockerArchive, SaveFormat::Hybrid] {
            if format != SaveFormat::OciLayout && contents.images.is_empty() {
                continue;
            }
            let rope = Rc::new(save(&contents, format).unwrap());
            let again = pollster::block_on(Image::open(rope, Limits::default(), &Unwatched)).unwrap();
            for (number, manifest) in image.images() {
                let layout = matches!(image.form, layerwright::image::ImageForm::OciLayout);
                // A Docker archive names an image by its configuration.
                let same = again.manifests.iter().position(|other| {
                    if layout && format != SaveFormat::DockerArchive {
                        other.digest == manifest.digest
                    } else {
                        other.config_digest == manifest.config_digest
                    }
                });
                let Some(same) = same else {
                    // What has no configuration, or names it by another hash than Docker does, has another name there.
                    let config = manifest.config_digest.as_ref().map(|digest| digest.algorithm_name());
                    let kept = layout && format != SaveFormat::DockerArchive;
                    let renamed = config != Some("sha256") || image.form == layerwright::image::ImageForm::DockerV1;
                    assert!(!kept && renamed, "{path:?}");
                    continue;
                };
                seen += 1;
                for at in 0..manifest.layers.len() {
                    let read = |image: &Image, number| pollster::block_on(image.layer(number, at, None, &Unwatched));
                    let (Ok(before), Ok(after)) = (read(&image, number), read(&again, same)) else { continue };
                    assert_eq!(before.digests, after.digests, "{path:?}");
                }
            }
        }
    }
    assert!(seen > 100, "{seen}");
}

/// `LAYERWRIGHT_BUILT=FOLDER cargo test --test build -- --ignored` writes every fixture's image there, for other tools.
#[test]
#[ignore = "writes files for other tools"]
fn writes_archives() {
    let (Some(fixtures), Some(folder)) = (fixtures(), std::env::var_os("LAYERWRIGHT_BUILT")) else { return };
    let (root, folder) = (fixtures.join("built"), PathBuf::from(folder));
    for entry in std::fs::read_dir(&root).unwrap() {
        let path = entry.unwrap().path();
        if !path.join("options.json").exists() {
            continue;
        }
        let options = read(&path.join("options.json"));
        let dockerfile = std::fs::read(path.join("Dockerfile")).unwrap();
        let mut request = request(&root, dockerfile, &options, files(&options["context"]));
        request.tags = vec!["local/built:1.0".to_owned()];
        let Ok(built) = run(request) else { continue };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        std::fs::write(folder.join(format!("{name}.oci.tar")), archive(&built, SaveFormat::OciLayout)).unwrap();
        std::fs::write(folder.join(format!("{name}.hybrid.tar")), archive(&built, SaveFormat::Hybrid)).unwrap();
        std::fs::write(folder.join(format!("{name}.docker.tar")), archive(&built, SaveFormat::DockerArchive)).unwrap();
    }
}

/// 300 KB that repeat themselves here and there, as `tests/js/common.mjs` makes them.
fn repetitive() -> Vec<u8> {
    let phrase = b"pack my box with five dozen liquor jugs\n";
    let mut out = Vec::new();
    let mut state = 1u32;
    while out.len() < 300_000 {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12345);
        let from = (state >> 16) as usize % phrase.len();
        let to = (from + 1 + (state >> 8) as usize % 11).min(phrase.len());
        out.extend_from_slice(&phrase[from..to]);
    }
    out.truncate(300_000);
    out
}

#[test]
fn compressed_bytes_are_those_of_every_runtime() {
    let cases = include_str!("js/common.mjs");
    let list = cases.split("const COMPRESSED = {").nth(1).unwrap().split("};").next().unwrap();
    let all = (1..=9).map(LayerCompression::Gzip);
    let all = all.chain([1, 2, 3, 5, 7, 9, 12, 15, 17, 19].map(LayerCompression::Zstd)).chain([LayerCompression::None]);
    let mut found = String::new();
    for compression in all {
        let name = match compression {
            LayerCompression::Gzip(level) => format!("gzip:{level}"),
            LayerCompression::Zstd(level) => format!("zstd:{level}"),
            LayerCompression::None => "none".to_owned(),
        };
        let context = vec![ContextFile {
            path: b"a".to_vec(),
            kind: ContextKind::File(Content::bytes(repetitive())),
            mode: None,
            mtime: Time::default(),
        }];
        let request =
            Request { dockerfile: b"FROM scratch\nCOPY a /\n".to_vec(), context, compression, ..Request::default() };
        let built = run(request).unwrap();
        found.push_str(&format!("\n  '{name}': '{}',", built.images[0].manifest.layers[0].digest));
    }
    assert_eq!(found.trim(), list.trim(), "expected:{found}");
}

/// A server of a few addresses.
struct Table;

impl Fetch for Table {
    fn fetch<'a>(&'a self, address: &'a str) -> Answer<'a, Fetched> {
        let path = address.split(['?', '#']).next().unwrap();
        let body: Option<Vec<u8>> = match path.rsplit('/').next().unwrap() {
            "tool" => Some(b"#!/bin/sh\n".to_vec()),
            "x.tar" => {
                let built = made("FROM scratch\nCOPY a /in/side\n", vec![file("a", "z")]).unwrap();
                let digest = &built.images[0].manifest.layers[0].digest;
                let piece = &built.contents.blobs[digest];
                Some(pollster::block_on(piece.read(0, usize::MAX)).unwrap())
            }
            "" => Some(Vec::new()),
            _ => None,
        };
        let modified = address.contains("dated").then(|| "Sun, 06 Nov 1994 08:49:37 GMT".to_owned());
        Box::pin(async move {
            let body = body.ok_or("the server answers with status 404")?;
            Ok(Fetched { body: Rc::new(body), modified })
        })
    }
}

#[test]
fn what_an_address_gives_is_added_as_buildkit_adds_it() {
    let build = |dockerfile: &str| {
        run(Request { dockerfile: dockerfile.into(), fetch: Some(Rc::new(Table)), ..Request::default() })
    };
    let stat = |dockerfile: &str, path: &str| {
        let built = build(dockerfile).unwrap_or_else(|error| panic!("{dockerfile}: {error}"));
        let tree = &built.images[0].tree;
        let path = path.split('/').map(|name| name.as_bytes().into()).collect::<Vec<_>>();
        let node = tree.get(&path).unwrap_or_else(|| panic!("{dockerfile}: there is no such file"));
        (format!("{:o}", node.meta.mode), node.meta.uid, node.meta.mtime.seconds, node.size())
    };
    let tool = "https://e.org/dated/tool";
    let from = |rest: &str| format!("FROM scratch\nADD {rest}\n");
    assert_eq!(stat(&from(&format!("{tool} /bin/")), "bin/tool"), ("600".to_owned(), 0, 784_111_777, 10));
    assert_eq!(stat(&from(&format!("{tool} /bin")), "bin"), ("600".to_owned(), 0, 784_111_777, 10));
    assert_eq!(stat(&from("https://e.org/tool?x=1#y /a/b"), "a/b"), ("600".to_owned(), 0, 0, 10));
    assert_eq!(stat(&from("--chmod=755 --chown=7 https://e.org/tool /"), "tool"), ("755".to_owned(), 7, 0, 10));
    assert_eq!(stat(&from("https://e.org/ /d/"), "d/__unnamed__"), ("600".to_owned(), 0, 0, 0));
    assert_eq!(stat(&from("--link https://e.org/tool https://e.org/x.tar /d/"), "d/x.tar").0, "600");
    assert_eq!(stat(&from("--unpack=true https://e.org/x.tar /d/"), "d/in/side").3, 1);
    let sums = [
        "sha256:a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf",
        "sha512:543f39af1ae7a2382ed869cbd1ee1ac598a88eb4e213cd64487c54b5c37722c6207ee6db4fa7e2ed53064259a44115c6da7bbc8c068378bb52a25e7088eeebd6",
    ];
    for sum in sums {
        assert_eq!(stat(&from(&format!("--checksum={sum} {tool} /t")), "t").0, "600");
    }
    for (dockerfile, code) in [
        (from(&format!("--checksum={} https://e.org/x.tar /t", sums[1])), "ADD_CHECKSUM_MISMATCH"),
        (from(&format!("--checksum=sha256:{} {tool} /t", "0".repeat(64))), "ADD_CHECKSUM_MISMATCH"),
        (from("https://e.org/absent /t"), "ADD_FETCH_FAILED"),
        (from("https://github.com/moby/buildkit.git#v0.1 /t"), "ADD_GIT_UNSUPPORTED"),
        (from("git@github.com:moby/buildkit.git /t"), "ADD_GIT_UNSUPPORTED"),
    ] {
        let error = build(&dockerfile).err().unwrap_or_else(|| panic!("{dockerfile}"));
        assert_eq!((error.code(), error.line()), (code, Some(2)), "{dockerfile}: {error}");
    }
    let refused = run(Request { dockerfile: from(&format!("{tool} /t")).into(), ..Request::default() }).err().unwrap();
    assert_eq!(refused.code(), "ADD_REMOTE_UNAVAILABLE");
}
