//! Whether time and memory grow in proportion to the input: `cargo bench --bench linear`.
//!
//! Each shape of input is made at one size and at twice that. A row tells how many times as long the larger one takes
//! (2 where time is proportional), the speed, and for the tree how many bytes of memory it takes for a byte of text.
//! Nothing here passes or fails. `--only=WORDS` picks shapes and `--work=NAME` what is done with them, `--json` prints the
//! rows for programs. Files that are named are shapes too: all together as one text, and as one stage.

use std::alloc::System;
use std::hint::black_box;
use std::time::{Duration, Instant};

use layerwright::dockerfile::{format, parse, parse_tree};
use layerwright::lint::{self, LintOptions};
use layerwright::plan;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A shape of input: its name, its full size in units of its own, and how it is made from a number of them.
type Shape = (&'static str, usize, fn(usize) -> String);

const SHAPES: &[Shape] = &[
    ("10 MB of a common file", 10_000_000, |n| {
        let block = "# The service\nFROM debian:12 AS base\nARG VERSION=1.2\nENV APP=/srv/app \\\n    LANG=C.UTF-8\nRUN apt-get update \\\n \
                     && apt-get install -y --no-install-recommends curl=7.* \\\n && rm -rf /var/lib/apt/lists/*\nWORKDIR ${APP}\nCOPY \
                     --chown=1000:1000 package.json ./\nEXPOSE 8080\nUSER 1000\nCMD [\"node\", \"server.js\"]\n\n";
        block.repeat(n / block.len())
    }),
    ("10 MB of RUN in one stage", 10_000_000, |n| {
        let line = "RUN curl -fsSL https://example.com/install.sh -o /tmp/install.sh && sh /tmp/install.sh\n";
        format!("FROM debian:12\n{}", line.repeat(n / line.len()))
    }),
    ("100,000 continuation lines", 100_000, |n| {
        format!("FROM debian:12\nRUN true{}\n", " \\\n    && echo one".repeat(n))
    }),
    ("100,000 comments in a continuation", 100_000, |n| {
        format!("FROM debian:12\nRUN true{}\n  true\n", " \\\n# why\n\n &&".repeat(n))
    }),
    ("10,000 here-documents", 10_000, |n| {
        format!("FROM debian:12\n{}", "RUN <<EOF\necho one\nEOF\nCOPY <<'EOF' /x\ntwo\nEOF\n".repeat(n / 2))
    }),
    ("1,000 here-documents in one line", 1_000, |n| {
        format!("FROM debian:12\nCOPY{} /x/\n{}", " \\\n <<E".repeat(n), "one\nE\n".repeat(n))
    }),
    ("one here-document of 100,000 lines", 100_000, |n| {
        format!("FROM debian:12\nRUN <<EOF\n{}EOF\n", "echo one && cd /tmp\n".repeat(n))
    }),
    ("100 lines of 64 KiB", 100, |n| {
        format!("FROM debian:12\n{}", format!("RUN echo{}\n", " word".repeat(13_000)).repeat(n))
    }),
    ("100,000 ENV", 100_000, |n| lines(n, |i| format!("ENV V{i}=${{V{}:-x}}\n", i.saturating_sub(1)))),
    ("100,000 ARG", 100_000, |n| lines(n, |i| format!("ARG V{i}=${{V{}}}\n", i.saturating_sub(1)))),
    ("100,000 global ARG", 100_000, |n| {
        (0..n).map(|i| format!("ARG V{i}=${{V{}}}\n", i.saturating_sub(1))).chain(["FROM a:$V1\n".to_owned()]).collect()
    }),
    ("100,000 names in one ENV", 100_000, |n| {
        lines(1, |_| format!("ENV{}\n", (0..n).map(|i| format!(" \\\n V{i}=$V{i}")).collect::<String>()))
    }),
    ("100,000 names that are not set", 100_000, |n| lines(n, |i| format!("WORKDIR /a/$U{i}\n"))),
    ("5,000 ENV and as many RUN", 5_000, |n| lines(n, |i| format!("ENV V{i}=x\nRUN echo $V{i}\n"))),
    ("10,000 stages", 10_000, |n| {
        (0..n).map(|i| format!("FROM a AS s{i}\nCOPY --from=s{} /x /x\n", i.saturating_sub(1))).collect()
    }),
    ("10,000 stages on each other", 10_000, |n| {
        (0..n)
            .map(|i| {
                format!("FROM {} AS s{i}\nENV V{i}=x\n", if i == 0 { "a".to_owned() } else { format!("s{}", i - 1) })
            })
            .collect()
    }),
    ("10,000 flags in one instruction", 10_000, |n| {
        lines(1, |_| format!("COPY{} a b\n", " \\\n --link --exclude=x".repeat(n / 2)))
    }),
    ("10,000 mounts in one instruction", 10_000, |n| {
        lines(1, |_| format!("RUN{} true\n", " \\\n --mount=type=cache,target=/x".repeat(n)))
    }),
    ("100,000 sources in one COPY", 100_000, |n| lines(1, |_| format!("COPY{} /x/\n", " \\\n a/b.txt".repeat(n)))),
    ("100,000 strings in one array", 100_000, |n| {
        lines(1, |_| format!("CMD [\"a\"{}]\n", ", \\\n \"b\\n\"".repeat(n)))
    }),
    ("100,000 ports and volumes", 100_000, |n| lines(n / 2, |i| format!("EXPOSE {}\nVOLUME /v{i}\n", i % 65_535 + 1))),
    ("100,000 labels", 100_000, |n| lines(n, |i| format!("LABEL l{i}=\"a b\"\n"))),
    ("100,000 comments", 100_000, |n| lines(n, |i| format!("# hadolint ignore=DL{i}\n"))),
    ("50,000 ignore comments, half of no use", 50_000, |n| {
        lines(n / 2, |i| {
            format!("# hadolint ignore=DL3003,DL3007\nRUN cd /a && x{i}\n# layerwright ignore=DL3020\nUSER 1\n")
        })
    }),
    ("100,000 unknown instructions", 100_000, |n| lines(n, |_| "COPYY a b\n".to_owned())),
    ("100,000 ONBUILD", 100_000, |n| lines(n, |_| "ONBUILD RUN echo one\n".to_owned())),
    ("100,000 quotes in one word", 100_000, |n| lines(1, |_| format!("ENV A={}\n", "\"a\"'b'\\\n".repeat(n / 4)))),
    ("60,000 open parentheses in a script", 60_000, |n| lines(1, |_| format!("RUN echo {}\n", "$(".repeat(n / 2)))),
    ("60,000 quotes inside each other", 60_000, |n| lines(1, |_| format!("RUN echo {}\n", "\"$(".repeat(n / 3)))),
    ("60,000 nested expansions", 60_000, |n| lines(1, |_| format!("ENV A={}\n", "${A:-".repeat(n / 5)))),
    ("60,000 brackets", 60_000, |n| lines(1, |_| format!("CMD {}\n", "[".repeat(n)))),
    ("bytes over 127", 60_000, |n| lines(n, |_| "RUN echo \u{e9}\u{1F600}\n".to_owned())),
];

/// One stage with `n` lines.
fn lines(n: usize, line: impl Fn(usize) -> String) -> String {
    std::iter::once("FROM debian:12\n".to_owned()).chain((0..n).map(line)).collect()
}

type Make<'a> = &'a dyn Fn(usize) -> String;

type Work = (&'static str, fn(&str));

const WORK: &[Work] = &[
    ("parse", |t| drop(black_box(parse(t.as_bytes())))),
    ("instructions", |t| parse_tree(t.as_bytes()).nodes.iter().for_each(|n| drop(black_box(n.read())))),
    ("plan", |t| drop(black_box(plan::plan(&parse(t.as_bytes()), &plan::Options::default())))),
    ("format", |t| drop(black_box(format::format(t, &format::FormatOptions::default())))),
    ("lint", |t| drop(black_box(lint::lint(t.as_bytes(), &LintOptions::default())))),
];

fn main() {
    let option = |name: &str| std::env::args().find_map(|a| a.strip_prefix(name).map(str::to_owned));
    let (only, json) = (option("--only=").unwrap_or_default(), option("--json").is_some());
    let work: Option<String> = option("--work=");
    if !json {
        let heads: Vec<String> = WORK.iter().map(|(name, _)| format!("{name:>18}")).collect();
        println!("{:37}  tree/text{}", "", heads.concat());
    }
    let files: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let files: Vec<String> =
        files.iter().map(|p| std::fs::read_to_string(p).unwrap_or_else(|e| panic!("{p}: {e}"))).collect();
    let together = |n: usize| files.iter().take(n).flat_map(|f| [f.trim_end(), "\n"]).collect::<String>();
    let one_stage = |n: usize| {
        let text = together(n);
        let keep = |l: &&str| !l.trim_start().get(..5).is_some_and(|w| w.eq_ignore_ascii_case("FROM "));
        std::iter::once("FROM debian:12\n").chain(text.split_inclusive('\n').filter(keep)).collect::<String>()
    };
    let of_files: [(&str, usize, Make<'_>); 2] =
        [("the files as one", files.len(), &together), ("the files as one stage", files.len(), &one_stage)];
    let fixed = SHAPES.iter().map(|(name, size, make)| (*name, *size, make as Make<'_>));
    for (shape, size, make) in
        of_files.into_iter().filter(|f| f.1 > 1).chain(fixed).filter(|(name, ..)| name.contains(&only))
    {
        let (half, full) = (make(size / 2), make(size));
        let region = Region::new(ALLOCATOR);
        let tree = parse_tree(full.as_bytes());
        let change = region.change();
        let held = change.bytes_allocated.saturating_sub(change.bytes_deallocated) as f64 / full.len() as f64;
        drop(tree);
        let mut cells = Vec::new();
        for (name, run) in WORK.iter().filter(|(name, _)| work.as_ref().is_none_or(|w| w == name)) {
            // In turn, so that a busy machine slows both.
            let mut best = [Duration::MAX; 2];
            let began = Instant::now();
            while best[1] == Duration::MAX || (began.elapsed() < Duration::from_millis(300)) {
                for (best, text) in best.iter_mut().zip([&half, &full]) {
                    let start = Instant::now();
                    run(text);
                    *best = (*best).min(start.elapsed());
                }
            }
            let ratio = best[1].as_secs_f64() / best[0].as_secs_f64().max(1e-9);
            let speed = full.len() as f64 / best[1].as_secs_f64().max(1e-9) / 1e6;
            if json {
                let seconds = best[1].as_secs_f64();
                println!(
                    r#"{{"shape":"{shape}","work":"{name}","ratio":{ratio},"seconds":{seconds},"bytes":{},"held":{held}}}"#,
                    full.len()
                );
            }
            cells.push(format!("{:>18}", format!("{ratio:.1} x {speed:.0} MB/s")));
        }
        if !json {
            println!("{shape:37}  {held:>7.1} x{}", cells.concat());
        }
    }
}
