//! Real, odd and hostile images beside the answers of the reference tools. The images lie beside the project; without them
//! there is nothing to compare and the tests pass. `LAYERWRIGHT_SHOW=1` prints what differs.
#![cfg(feature = "image")]

use std::path::{Path, PathBuf};
use std::rc::Rc;

use layerwright::archive::tar::EntryKind;
use layerwright::image::{Image, Limits, ManifestKind, Severity, StreamOpener, Unwatched, Verdict};
use layerwright::layer::Member;
use layerwright::oci::Digest;
use pollster::block_on;
use serde_json::{Value, json};

fn fixtures() -> Option<PathBuf> {
    let path = std::env::var_os("LAYERWRIGHT_FIXTURES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures"), PathBuf::from);
    path.join("oracle/small").exists().then_some(path)
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Both ways to open must say the same.
fn open(path: &Path) -> [Image; 2] {
    let bytes = std::fs::read(path).unwrap();
    let mut stream = StreamOpener::new(Limits::default(), Some(u64::MAX));
    bytes.chunks(100_000).for_each(|chunk| stream.push(chunk).unwrap());
    let streamed = block_on(stream.finish(&Unwatched)).unwrap();
    [block_on(Image::open(Rc::new(bytes), Limits::default(), &Unwatched)).unwrap(), streamed]
}

/// Bytes that are not UTF-8 as the recorded answers have them, with one private character for each.
fn text(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            out.push(char::from_u32(0xf_0000 + u32::from(*byte)).unwrap());
        }
    }
    out
}

/// Reads JSON in which such bytes are lone surrogates, which serde refuses.
fn read_oracle(path: &Path) -> Value {
    let raw = std::fs::read_to_string(path).unwrap();
    let mut out = String::new();
    let mut rest = raw.as_str();
    while let Some(at) = rest.find("\\udc") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let hex = u32::from_str_radix(&after[2..6], 16).unwrap();
        let low_half = before.len() >= 6 && before[before.len() - 6..].starts_with("\\ud");
        if low_half && (0xd800..0xdc00).contains(&u32::from_str_radix(&before[before.len() - 4..], 16).unwrap()) {
            out.push_str(&after[..6]);
        } else {
            out.push(char::from_u32(0xf_0000 + (hex - 0xdc00)).unwrap());
        }
        rest = &after[6..];
    }
    out.push_str(rest);
    serde_json::from_str(&out).unwrap()
}

fn entry(path: &[u8], kind: EntryKind, mode: i64, uid: i64, gid: i64) -> Value {
    json!({ "path": text(path), "type": kind.name(), "mode": format!("{:04o}", mode & 0o7777), "uid": uid, "gid": gid })
}

fn member(member: &Member<'_>) -> Value {
    let mut out = entry(member.path, member.kind, member.mode, member.uid, member.gid);
    if member.size > 0 {
        out["size"] = json!(member.size);
    }
    if !member.link.is_empty() {
        out["linkname"] = json!(text(member.link));
    }
    if let Some(sha256) = member.sha256 {
        out["sha256"] = json!(Digest::sha256(sha256).encoded());
    }
    out
}

fn wanted(entry: &Value) -> Value {
    let mut out = json!({});
    for key in ["path", "type", "mode", "uid", "gid", "size", "linkname", "sha256"] {
        let value = &entry[key];
        let needed = matches!(key, "path" | "type" | "mode" | "uid" | "gid");
        if needed || !(value.is_null() || *value == 0 || *value == "") {
            out[key] = value.clone();
        }
    }
    out
}

struct Report(Vec<String>, usize);

impl Report {
    fn check(&mut self, name: &str, got: &Value, want: &Value) {
        self.1 += 1;
        if got != want {
            let mut line = name.to_owned();
            if let (Some(got), Some(want)) = (got.as_array(), want.as_array()) {
                line.push_str(&format!(" ({} for {})", got.len(), want.len()));
                for (got, want) in got.iter().zip(want) {
                    if got != want {
                        line.push_str(&format!("\n    got  {got}\n    want {want}"));
                        break;
                    }
                }
            } else {
                line.push_str(&format!("\n    got  {got}\n    want {want}"));
            }
            self.0.push(line);
        }
    }

    fn end(self) {
        assert!(self.0.is_empty(), "{} of {} differ:\n{}", self.0.len(), self.1, self.0.join("\n"));
    }
}

fn manifests(facts: &Value) -> Vec<&Value> {
    let list = facts["facts"]["manifests"].as_array().unwrap();
    list.iter().filter(|manifest| manifest["layers"].is_array()).collect()
}

#[test]
fn images_layers_and_trees() {
    let Some(fixtures) = fixtures() else { return };
    let mut report = Report(Vec::new(), 0);
    for kind in ["small", "built"] {
        let mut names: Vec<_> =
            std::fs::read_dir(fixtures.join("oracle").join(kind)).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        for folder in names {
            let facts = folder.join("facts.json");
            if !facts.exists() {
                continue;
            }
            let facts = read_json(&facts);
            let file = facts["file"].as_str().unwrap();
            for (way, image) in open(&fixtures.join(kind).join(file)).iter().enumerate() {
                compare(&mut report, &format!("{file} [{way}]"), image, &facts, &folder);
            }
        }
    }
    report.end();
}

fn compare(report: &mut Report, file: &str, image: &Image, facts: &Value, folder: &Path) {
    let mut want: Vec<Value> = Vec::new();
    let mut got: Vec<Value> = Vec::new();
    for manifest in manifests(facts) {
        let layers = manifest["layers"].as_array().unwrap().iter().map(|layer| {
            let digest =
                if layer["descriptor"]["digest"].is_null() { &layer["digest"] } else { &layer["descriptor"]["digest"] };
            json!([digest, layer["diff_id_computed"], layer["uncompressed_size"]])
        });
        let config = &manifest["config"]["descriptor"]["digest"];
        want.push(json!([manifest["descriptor"]["digest"], config, layers.collect::<Vec<_>>()]));
    }
    for (number, manifest) in image.images() {
        let mut layers = Vec::new();
        for at in 0..manifest.layers.len() {
            let reference = &manifest.layers[at];
            let layer = block_on(image.layer(number, at, Some(u64::MAX), &Unwatched)).ok();
            let algorithm = reference.diff_id.as_ref().map_or(layerwright::oci::Algorithm::Sha256, Digest::algorithm);
            let diff_id = layer.as_ref().and_then(|layer| layer.diff_id(algorithm).cloned());
            let docker =
                manifest.media_type.as_str().contains("docker.archive") || manifest.media_type.as_str() == "docker-v1";
            let digest = if docker { diff_id.clone() } else { reference.digest.clone() };
            layers.push(json!([digest, diff_id, layer.map(|layer| layer.unpacked)]));
        }
        let config = manifest.config_digest.as_ref().filter(|_| manifest.kind != ManifestKind::Schema1);
        got.push(json!([manifest.digest, config, layers]));
        let short = &manifest.digest.encoded()[..12];
        for at in 0..manifest.layers.len() {
            let path = folder.join(short).join(format!("layer-{at:03}.json"));
            if !path.exists() {
                continue;
            }
            let Value::Array(list) = read_oracle(&path) else { continue };
            let layer = block_on(image.layer(number, at, Some(u64::MAX), &Unwatched)).unwrap();
            let entries = layer.index.iter().map(|entry| member(&entry)).collect();
            report.check(&format!("{file} {short} layer {at}"), &entries, &list.iter().map(wanted).collect());
        }
        let path = folder.join(short).join("rootfs.json");
        if path.exists() {
            let tree = block_on(image.tree(number, Some(u64::MAX), &Unwatched)).unwrap();
            let mut entries = Vec::new();
            tree.visit(&mut |view| {
                let of = &view.node.attributes;
                let mut out = entry(view.path, of.kind, i64::from(of.mode), of.uid, of.gid);
                if of.kind == EntryKind::File && of.size > 0 {
                    out["size"] = json!(of.size);
                }
                if of.kind == EntryKind::Symlink {
                    out["linkname"] = json!(text(&of.link));
                }
                if let Some(sha256) = view.sha256 {
                    out["sha256"] = json!(Digest::sha256(&sha256).encoded());
                }
                entries.push(out);
            });
            let Value::Array(list) = read_oracle(&path) else { continue };
            let mut list: Vec<Value> = list.iter().filter(|entry| entry["path"] != ".").map(wanted).collect();
            let key = |entry: &Value| entry["path"].as_str().unwrap().to_owned();
            list.sort_by_key(key);
            entries.sort_by_key(key);
            report.check(&format!("{file} {short} rootfs"), &Value::Array(entries), &Value::Array(list));
        }
    }
    let key = |manifest: &Value| manifest[0].as_str().unwrap_or_default().to_owned();
    want.sort_by_key(key);
    got.sort_by_key(key);
    report.check(&format!("{file} facts"), &Value::Array(got), &Value::Array(want));
}

fn verdict(bytes: &[u8], stream: bool) -> (Verdict, Vec<String>) {
    let opened = if stream {
        let mut opener = StreamOpener::new(Limits::default(), None);
        let pushed = bytes.chunks(64 << 10).try_for_each(|chunk| opener.push(chunk));
        pushed.and_then(|()| block_on(opener.finish(&Unwatched)))
    } else {
        block_on(Image::open(Rc::new(bytes.to_vec()), Limits::default(), &Unwatched))
    };
    match opened {
        Err(error) => (Verdict::Error, vec![format!("open: {} {error}", error.code())]),
        Ok(image) => {
            let report = block_on(image.verify(&Unwatched)).unwrap();
            let loud = report.findings.iter().filter(|finding| finding.severity > Severity::Info);
            (
                report.verdict,
                loud.map(|finding| format!("{} {} {:?}", finding.code, finding.message, finding.entry)).collect(),
            )
        }
    }
}

#[test]
fn hostile_images_and_their_look_alikes() {
    let Some(fixtures) = fixtures() else { return };
    let expected = read_json(&fixtures.join("hostile/expected.json"));
    let mut wrong = Vec::new();
    for (file, want) in expected.as_object().unwrap() {
        let bytes = std::fs::read(fixtures.join("hostile").join(file)).unwrap();
        for stream in [false, true] {
            let started = std::time::Instant::now();
            let (got, findings) = verdict(&bytes, stream);
            let slow = started.elapsed().as_secs() > 20;
            let right = match want["verdict"].as_str().unwrap() {
                "ok" => got == Verdict::Ok,
                "flag" => got == Verdict::Flag,
                "error" => got == Verdict::Error,
                "flagged" => got != Verdict::Ok,
                _ => true,
            };
            if !right || slow {
                let shown = findings.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
                wrong
                    .push(format!("{file} stream={stream}: {got:?} for {} ({}) {shown}", want["verdict"], want["why"]));
            }
        }
    }
    let asked = expected.as_object().unwrap().len() * 2;
    assert!(wrong.len() * 1000 <= asked, "{} of {asked} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn honest_images_have_no_errors() {
    let Some(fixtures) = fixtures() else { return };
    let show = std::env::var_os("LAYERWRIGHT_SHOW").is_some();
    let mut wrong = Vec::new();
    for kind in ["small", "built"] {
        let mut files: Vec<_> =
            std::fs::read_dir(fixtures.join(kind)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for path in files.iter().filter(|path| path.is_file()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !name.contains(".tar") && !name.ends_with(".tgz") {
                continue;
            }
            let bytes = std::fs::read(path).unwrap();
            for stream in [false, true] {
                let (verdict, findings) = verdict(&bytes, stream);
                if show && verdict != Verdict::Ok {
                    println!("{name}: {verdict:?} {}", findings.first().unwrap());
                }
                if verdict == Verdict::Error {
                    wrong.push(format!("{name} stream={stream}: {}", findings.join("; ")));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
