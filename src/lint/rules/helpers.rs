//! What several rules need.

use crate::dockerfile::instruction::Run;
use crate::lint::commands::{Arg, Cmd};
use crate::lint::context::{Context, Inst, RunBody};
use crate::lint::rule::{Raw, Sink};

/// Reports the commands of each `RUN` that match: in hadolint's way the first of them.
pub(crate) fn each_command(
    cx: &Context<'_>,
    out: &mut Sink<'_>,
    onbuild: bool,
    matches: impl Fn(&Cmd) -> bool,
    mut report: impl FnMut(&mut Sink<'_>, &Inst<'_>, &Cmd),
) {
    for (inst, run) in cx.runs().filter(|(i, _)| onbuild || !i.onbuild) {
        let count = if cx.exact { 1 } else { usize::MAX };
        for cmd in run.commands.iter().filter(|c| matches(c)).take(count) {
            report(out, inst, cmd);
        }
    }
}

/// Reports the packages of each `RUN` that have no version: in `hadolint`'s way once, otherwise each command once,
/// at its first such package.
pub(crate) fn unpinned(
    cx: &Context<'_>,
    out: &mut Sink<'_>,
    packages: impl Fn(&Cmd, &Inst<'_>) -> Vec<Arg>,
    message: &str,
    help: &str,
) {
    for (inst, run) in cx.runs() {
        for cmd in &run.commands {
            let bad = packages(cmd, inst);
            if let Some(first) = bad.first() {
                // As they are written: a variable by its name.
                let written = |a: &Arg| String::from_utf8_lossy(a.span.of(cx.source)).into_owned();
                let names: Vec<String> = bad.iter().map(written).take(3).collect();
                let more = if bad.len() > 3 { format!(" and {} more", bad.len() - 3) } else { String::new() };
                out.report(inst, first.span, format!("{message}: {}{more}", names.join(", "))).help(help);
                if cx.exact {
                    break;
                }
            }
        }
    }
}

/// A `--mount` of a `RUN`.
#[derive(Debug, Clone, Default)]
pub(crate) struct MountFields {
    pub(crate) kind: String,
    pub(crate) target: String,
    pub(crate) from: Option<String>,
}

/// The mounts of a `RUN`.
pub(crate) fn mounts(run: &Run<'_>) -> Vec<MountFields> {
    run.mounts
        .iter()
        .map(|mount| {
            let mut fields = MountFields { kind: "bind".to_owned(), ..MountFields::default() };
            for field in mount.text.split(',') {
                let (key, value) = field.split_once('=').unwrap_or((field, ""));
                let value = value.trim_matches('"');
                match key.trim_matches('"').to_ascii_lowercase().as_str() {
                    "type" => fields.kind = value.to_ascii_lowercase(),
                    "target" | "dst" | "destination" => fields.target = value.trim_end_matches('/').to_owned(),
                    "from" => fields.from = Some(value.to_owned()),
                    _ => {}
                }
            }
            fields
        })
        .collect()
}

/// Whether a cache or tmpfs mount of this `RUN` has a target that satisfies `covers`.
pub(crate) fn cached(inst: &Inst<'_>, covers: impl Fn(&str) -> bool) -> bool {
    let crate::dockerfile::Instruction::Run(run) = &inst.read else { return false };
    mounts(run).iter().any(|m| matches!(m.kind.as_str(), "cache" | "tmpfs") && covers(&m.target))
}

/// Whether a `RUN` removes files under `path` with `rm`. hadolint takes any `rm -rf` for it.
pub(crate) fn removes(cx: &Context<'_>, run: &RunBody, hadolint: &[&str], path: &str) -> bool {
    run.commands.iter().any(|c| {
        if cx.exact {
            return c.runs(&["rm"], hadolint);
        }
        c.is(&["rm"])
            && c.operands(&[]).any(|a| {
                let at = a.text.trim_end_matches('*').trim_end_matches('/');
                at == path
                    || at.starts_with(&format!("{path}/"))
                    || (!at.is_empty() && path.starts_with(&format!("{at}/")))
            })
            || c.is(&["find"]) && c.has_arg(&[path]) && c.has_arg(&["-delete"])
    })
}

/// The text without one pair of surrounding quotes.
pub(crate) fn unquoted(text: &str) -> &str {
    for q in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(q).and_then(|t| t.strip_suffix(q)) {
            return inner;
        }
    }
    text
}

/// Absolute as far as a path with variables can tell: `/…`, `$…` or a Windows drive.
pub(crate) fn is_absolute(path: &str) -> bool {
    let b = path.as_bytes();
    matches!(b.first(), Some(b'/' | b'$')) || (b.len() > 1 && b[0].is_ascii_alphabetic() && b[1] == b':')
}

/// An image reference cut in its parts.
pub(crate) struct Image<'a> {
    pub(crate) registry: Option<&'a str>,
    pub(crate) tag: Option<&'a str>,
    pub(crate) digest: Option<&'a str>,
}

/// Cuts a reference: the tag follows the first `:` after the last `/`, the digest `@`. What is in `${…}` is one name.
pub(crate) fn image(reference: &str) -> Image<'_> {
    let mut depth = 0usize;
    let (mut first_slash, mut last, mut colon, mut digest) = (None, 0, None, None);
    for (i, b) in reference.bytes().enumerate() {
        match b {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ if depth > 0 || digest.is_some() => {}
            b'@' => digest = Some(i),
            b'/' => {
                first_slash = first_slash.or(Some(i));
                (last, colon) = (i + 1, None);
            }
            b':' => colon = colon.or(Some(i)),
            _ => {}
        }
    }
    let name = digest.and_then(|at| reference.get(..at)).unwrap_or(reference);
    let digest = digest.and_then(|at| reference.get(at + 1..));
    let tag = colon.filter(|at| *at >= last).and_then(|at| name.get(at + 1..));
    let registry = first_slash
        .and_then(|at| name.get(..at))
        .filter(|r| !r.contains('{'))
        .filter(|f| f.contains('.') || f.contains(':') || *f == "localhost");
    Image { registry, tag, digest }
}

/// Whether a path ends like an archive that `ADD` unpacks.
pub(crate) fn is_archive(path: &str) -> bool {
    const SUFFIXES: [&str; 15] = [
        ".tar", ".Z", ".bz2", ".gz", ".lz", ".lzma", ".tZ", ".tb2", ".tbz", ".tbz2", ".tgz", ".tlz", ".tpz", ".txz",
        ".xz",
    ];
    SUFFIXES.iter().any(|s| path.ends_with(s))
}

/// Lets a check end in a builder call.
pub(crate) fn done(_: &mut Raw) {}
