//! Native speed of the Dockerfile half: `cargo bench --bench parse [-- FILE…]`.
//!
//! Each file is parsed and read on its own, as `npm run bench parse` hands them over, and all of them as one text. The
//! best of several rounds counts. Nothing here passes or fails.

use std::hint::black_box;
use std::time::{Duration, Instant};

use layerwright::dockerfile::{format, parse};
use layerwright::lint::{self, LintOptions};
use layerwright::plan;

/// Time for which one measure is repeated.
const BUDGET: Duration = Duration::from_millis(1500);

fn main() {
    let paths: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let paths = if paths.is_empty() { examples() } else { paths };
    let texts: Vec<Vec<u8>> = paths.iter().map(|p| std::fs::read(p).unwrap_or_else(|e| panic!("{p}: {e}"))).collect();
    let mut whole = texts.iter().map(|t| [t.as_slice(), b"\n"].concat()).collect::<Vec<_>>().concat();
    // One open here-document would swallow the rest.
    while whole.len() < 4 << 20 {
        whole.extend_from_within(..);
    }
    let bytes: usize = texts.iter().map(Vec::len).sum();
    row("parse, file by file", bytes, || texts.iter().for_each(|t| drop(black_box(parse(t)))));
    row("parse, one text", whole.len(), || drop(black_box(parse(&whole))));
    row("typed instructions", bytes, || {
        for text in &texts {
            let file = parse(text);
            file.nodes.iter().for_each(|n| drop(black_box(n.read())));
        }
    });
    let read: Vec<&str> = texts.iter().filter_map(|t| std::str::from_utf8(t).ok()).collect();
    row("plan", bytes, || {
        for text in &texts {
            drop(black_box(plan::plan(&parse(text), &plan::Options::default())));
        }
    });
    row("format", bytes, || {
        for text in &read {
            drop(black_box(format::format(text, &format::FormatOptions::default())));
        }
    });
    row("lint", bytes, || {
        for text in &texts {
            drop(black_box(lint::lint(text, &LintOptions::default())));
        }
    });
}

fn examples() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let entries = std::fs::read_dir(folder).expect("examples/").flatten();
    entries.map(|e| e.path().join("Dockerfile")).filter(|p| p.exists()).map(|p| p.display().to_string()).collect()
}

fn row(name: &str, bytes: usize, mut work: impl FnMut()) {
    let began = Instant::now();
    let mut best = Duration::MAX;
    let mut rounds = 0;
    while rounds < 3 || began.elapsed() < BUDGET {
        let start = Instant::now();
        work();
        best = best.min(start.elapsed());
        rounds += 1;
    }
    println!("{:>9.1} MB/s  {name}", bytes as f64 / best.as_secs_f64() / 1e6);
}
