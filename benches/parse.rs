//! Native speed of the Dockerfile half: `cargo bench --bench parse [-- FILE…]`.
//!
//! Every file is worked on by itself, and all of them once as one text. The best of several rounds counts. Nothing here
//! passes or fails. `--only=WORDS` picks rows, `--seconds=N` is the time for each, `--json` prints them for programs.

use std::hint::black_box;
use std::time::{Duration, Instant};

use layerwright::dockerfile::{format, parse, parse_tree};
use layerwright::lint::{self, LintOptions};
use layerwright::plan;

fn main() {
    let option = |name: &str| std::env::args().find_map(|a| a.strip_prefix(name).map(str::to_owned));
    let bench = Bench {
        only: option("--only=").unwrap_or_default(),
        budget: Duration::from_secs_f64(option("--seconds=").and_then(|s| s.parse().ok()).unwrap_or(1.5)),
        json: option("--json").is_some(),
    };
    let paths: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let paths = if paths.is_empty() { examples() } else { paths };
    let texts: Vec<String> = paths
        .iter()
        .map(|p| std::fs::read_to_string(p).unwrap_or_else(|e| panic!("{p}: {e}")))
        .map(|t| if t.ends_with('\n') { t } else { t + "\n" })
        .collect();
    let each = |work: &dyn Fn(&str)| texts.iter().for_each(|t| work(t));
    let whole = texts.concat();
    let bytes = whole.len();
    bench.row("parse, file by file", bytes, &|| each(&|t| drop(black_box(parse(t.as_bytes())))));
    bench.row("parse, one text", bytes, &|| drop(black_box(parse(whole.as_bytes()))));
    bench.row("tree alone", bytes, &|| each(&|t| drop(black_box(parse_tree(t.as_bytes())))));
    bench.row("tree and typed instructions", bytes, &|| {
        each(&|t| parse_tree(t.as_bytes()).nodes.iter().for_each(|n| drop(black_box(n.read()))));
    });
    bench.row("plan", bytes, &|| {
        each(&|t| drop(black_box(plan::plan(&parse(t.as_bytes()), &plan::Options::default()))));
    });
    bench.row("format", bytes, &|| each(&|t| drop(black_box(format::format(t, &format::FormatOptions::default())))));
    bench.row("lint", bytes, &|| each(&|t| drop(black_box(lint::lint(t.as_bytes(), &LintOptions::default())))));
}

fn examples() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let entries = std::fs::read_dir(folder).expect("examples/").flatten();
    entries.map(|e| e.path().join("Dockerfile")).filter(|p| p.exists()).map(|p| p.display().to_string()).collect()
}

struct Bench {
    only: String,
    budget: Duration,
    json: bool,
}

impl Bench {
    fn row(&self, name: &str, bytes: usize, work: &dyn Fn()) {
        if !name.contains(&self.only) {
            return;
        }
        let began = Instant::now();
        let mut best = Duration::MAX;
        let mut rounds = 0;
        while rounds < 3 || began.elapsed() < self.budget {
            let start = Instant::now();
            work();
            best = best.min(start.elapsed());
            rounds += 1;
        }
        let seconds = best.as_secs_f64();
        if self.json {
            println!(r#"{{"name":"{name}","bytes":{bytes},"seconds":{seconds}}}"#);
        } else {
            println!("{:>9.1} MB/s  {name}", bytes as f64 / seconds / 1e6);
        }
    }
}
