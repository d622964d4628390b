//! The core by itself, compiled for this machine: what the package in wasm is compared with.
//!
//! `ingest BLOB` passes over a layer's blob as the package does: its digest, its content, the diffID, the index.
//! `walk TAR TIMES` reads the tar into memory, then indexes it that many times and prints the seconds of the fastest.

use layerwright::archive::tar::{Entry, TarReader, TarSink};
use layerwright::layer::{Ingest, IngestOptions, LayerIndex};
use layerwright::oci::Algorithm;
use std::io::Read;
use std::time::Instant;

const CHUNK: usize = 512 << 10;

struct Index(LayerIndex);

impl TarSink for Index {
    fn entry(&mut self, entry: &Entry) {
        self.0.push(entry);
    }
    fn data(&mut self, _: &[u8]) {}
    fn hole(&mut self, _: u64) {}
    fn end(&mut self) {}
}

fn main() {
    // Cargo adds `--bench`.
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["ingest", blob] => ingest(blob),
        ["walk", tar, times] => walk(tar, times.parse().expect("a number of times")),
        _ => println!("usage: ingest BLOB | walk TAR TIMES; `npm run bench -- ingest` runs it"),
    }
}

fn ingest(blob: &str) {
    let mut file = std::fs::File::open(blob).expect("the blob can be opened");
    let options = IngestOptions { blob: vec![Algorithm::Sha256], diff: vec![Algorithm::Sha256], ..Default::default() };
    let mut ingest = Ingest::new(&options);
    let mut buffer = vec![0; CHUNK];
    loop {
        match file.read(&mut buffer).expect("the blob can be read") {
            0 => break,
            read => ingest.push(&buffer[..read]),
        }
    }
    let layer = ingest.finish();
    assert!(layer.error().is_none() && layer.diff_ids.len() == 1);
    println!("{}", layer.index.len());
}

fn walk(tar: &str, times: usize) {
    let bytes = std::fs::read(tar).expect("the tar can be read");
    let pass = |_| {
        let began = Instant::now();
        let mut reader = TarReader::default();
        let mut index = Index(LayerIndex::default());
        for chunk in bytes.chunks(CHUNK) {
            reader.push(chunk, &mut index).expect("it is a tar");
        }
        reader.finish().expect("it ends");
        std::hint::black_box(index.0.len());
        began.elapsed().as_secs_f64()
    };
    println!("{}", (0..times).map(pass).fold(f64::INFINITY, f64::min));
}
