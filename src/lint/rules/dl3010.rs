use std::collections::HashMap;

use super::prelude::*;

rule! {
    /// An archive is copied and unpacked later.
    ///
    /// The layer with the packed file stays; `ADD` unpacks a local archive as it copies.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY app.tar.gz /opt/
    /// RUN tar -xzf /opt/app.tar.gz
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ADD app.tar.gz /opt/
    /// ```
    "DL3010", "archive-copied-then-unpacked", Info, Size, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let base = |p: &str| unquoted(p).rsplit(['/', '\\']).next().unwrap_or("").to_owned();
    let last = cx.stages.len().checked_sub(1);
    // By the name that the archive has in the image.
    let mut copied: HashMap<String, Vec<(&Inst<'_>, Text<'_>)>> = HashMap::new();
    let mut stage = None;
    for inst in cx.top() {
        if inst.stage != stage {
            stage = inst.stage;
            copied.clear();
        }
        if cx.exact && inst.stage != last {
            continue;
        }
        match &inst.read {
            Instruction::Copy(copy) if copy.from.is_none() => {
                let archives = copy.sources.iter().filter(|s| is_archive(unquoted(s.text)));
                let dest = base(copy.dest.text);
                for source in archives {
                    // The archive keeps its name unless it is copied to another file name.
                    let name = if is_archive(&dest) { dest.clone() } else { base(source.text) };
                    copied.entry(name).or_default().push((inst, *source));
                }
            }
            Instruction::Run(_) => {
                let Some(run) = inst.run(cx.exact) else { continue };
                for c in &run.commands {
                    let unpacks = c.is(&["tar"])
                        && (c.has_flag(&["x", "extract", "get"])
                            || c.args.first().is_some_and(|a| is_old_style(&a.text)))
                        || c.is(&[
                            "gunzip",
                            "bunzip2",
                            "unlzma",
                            "unxz",
                            "zgz",
                            "uncompress",
                            "zcat",
                            "gzcat",
                            "unzip",
                        ]);
                    if !unpacks {
                        continue;
                    }
                    for (at, source) in c.args.iter().filter_map(|a| copied.remove(&base(&a.text))).flatten() {
                        out.report(at, source.span, "the archive is unpacked later").help("use ADD, which unpacks it");
                    }
                }
            }
            _ => {}
        }
    }
}

/// `tar xzf`: letters without a dash.
fn is_old_style(arg: &str) -> bool {
    arg.contains('x') && !arg.starts_with('-') && arg.bytes().all(|b| b.is_ascii_lowercase())
}
