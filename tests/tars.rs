//! Odd tar files as Go's `archive/tar` reads them. The files and their answers lie beside the project; without them the
//! test has nothing to compare and passes.
#![cfg(feature = "image")]

use std::path::PathBuf;

use layerwright::archive::tar::{Entry, EntryKind, TarReader, TarSink};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn fixtures() -> Option<PathBuf> {
    let path = std::env::var_os("LAYERWRIGHT_FIXTURES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures"), PathBuf::from);
    path.join("tars/expected.json").exists().then_some(path)
}

const HASH_LIMIT: u64 = 64 << 20;

#[derive(Default)]
struct Listing {
    entries: Vec<Value>,
    hash: Option<Sha256>,
}

/// Bytes as the recorded answers write them.
fn text(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!(bytes),
    }
}

impl TarSink for Listing {
    fn entry(&mut self, entry: &Entry) {
        let file = entry.kind == EntryKind::File;
        self.hash = (file && entry.size <= HASH_LIMIT && entry.size > 0).then(Sha256::new);
        self.entries.push(json!({
            "path": text(&entry.path), "type": entry.kind.name(), "mode": entry.mode & 0o7777, "uid": entry.uid,
            "gid": entry.gid, "link": text(&entry.link), "size": if file { entry.size } else { 0 },
            "mtime": entry.mtime.seconds,
        }));
    }

    fn data(&mut self, bytes: &[u8]) {
        if let Some(hash) = &mut self.hash {
            hash.update(bytes);
        }
    }

    fn hole(&mut self, length: u64) {
        if let Some(hash) = &mut self.hash {
            for _ in 0..length / 4096 {
                hash.update([0; 4096]);
            }
            hash.update(vec![0; (length % 4096) as usize]);
        }
    }

    fn end(&mut self) {
        if let (Some(hash), Some(entry)) = (self.hash.take(), self.entries.last_mut()) {
            let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            entry["sha256"] = json!(hex);
        }
    }
}

fn read(bytes: &[u8], step: usize) -> Value {
    let mut reader = TarReader::default();
    let mut listing = Listing::default();
    let result =
        bytes.chunks(step).try_for_each(|chunk| reader.push(chunk, &mut listing)).and_then(|()| reader.finish());
    match result {
        Ok(()) => Value::Array(listing.entries),
        Err(_) => json!("error"),
    }
}

fn base64(value: &Value) -> Value {
    let Some(text) = value.get("b64").and_then(Value::as_str) else { return value.clone() };
    let digit =
        |byte: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".iter().position(|b| *b == byte);
    let (mut out, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for byte in text.bytes().filter_map(digit) {
        bits = bits << 6 | byte as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    json!(out)
}

fn expected(go: &Value) -> Value {
    let Some(list) = go.as_array() else { return json!("error") };
    let entries = list.iter().filter(|entry| entry["type"] != "g").map(|entry| {
        let flag = entry["type"].as_str().unwrap();
        let kind = match flag {
            "0" | "7" | "S" => "file",
            "1" => "hardlink",
            "2" => "symlink",
            "3" => "char",
            "4" => "block",
            "5" => "dir",
            "6" => "fifo",
            _ => "unknown",
        };
        let size = if kind == "file" { entry["size"].as_i64().unwrap() } else { 0 };
        let mut out = json!({
            "path": base64(&entry["name"]), "type": kind, "uid": entry["uid"], "gid": entry["gid"],
            "mode": i64::from_str_radix(entry["mode"].as_str().unwrap(), 8).unwrap() & 0o7777,
            "link": base64(&entry["linkname"]), "size": size,
        });
        if size > 0 && entry.get("sha256").is_some() {
            out["sha256"] = entry["sha256"].clone();
        }
        out
    });
    Value::Array(entries.collect())
}

#[test]
fn tars_read_as_go_reads_them() {
    let Some(fixtures) = fixtures() else { return };
    let table: Value = serde_json::from_slice(&std::fs::read(fixtures.join("tars/expected.json")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for (file, answers) in table.as_object().unwrap() {
        let bytes = std::fs::read(fixtures.join("tars").join(file)).unwrap();
        let whole = read(&bytes, usize::MAX);
        assert_eq!(whole, read(&bytes, 7), "{file} differs when read in small pieces");
        let mut seen = whole;
        for entry in seen.as_array_mut().into_iter().flatten() {
            entry.as_object_mut().unwrap().remove("mtime");
        }
        let want = expected(&answers["go"]);
        if seen != want {
            wrong.push(format!("{file}\n  got  {seen}\n  want {want}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
