//! Stages, variables, images and rules in a few lines of Markdown, for hovers and for completions.

use std::fmt::Write;

use super::references::stage_sites;
use super::variables::{PLATFORM_ARGS, SiteKind, Variable};
use super::{Document, docs};
use crate::dockerfile::instruction::Instruction;
use crate::dockerfile::syntax::Keyword;
use crate::lint::rule::Rule;
use crate::plan::reference;
use crate::text::Span;

/// Characters of a value that is shown.
const SHOWN: usize = 200;

/// A text as inline code, however many backquotes it holds.
pub(super) fn code(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    let run = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(run + 1);
    let pad = if run > 0 || shown.trim().is_empty() { " " } else { "" };
    format!("{fence}{pad}{shown}{pad}{fence}")
}

/// The line of an offset.
pub(super) fn line(document: &Document<'_>, offset: u32) -> usize {
    let before = document.source.get(..offset as usize).unwrap_or(document.source);
    memchr::memchr_iter(b'\n', before).count() + 1
}

/// The forms of an instruction and what it does.
pub(super) fn instruction(doc: &docs::InstructionDoc) -> String {
    format!("```dockerfile\n{}\n```\n\n{}", doc.forms, doc.text)
}

/// How a stage is called: by its name, or by its number.
pub(super) fn stage_name(document: &Document<'_>, stage: usize) -> String {
    match document.cx.stages.get(stage).and_then(|s| s.name) {
        Some(name) => code(name),
        None => format!("stage {stage}"),
    }
}

/// What a stage is built on, what it does, who uses it.
pub(super) fn stage(document: &Document<'_>, stage: usize) -> String {
    let Some(info) = document.cx.stages.get(stage) else { return String::new() };
    let mut out = format!("Stage {stage}");
    if let Some(name) = info.name {
        let _ = write!(out, ", {}", code(name));
    }
    let parent = document.graph().parents.get(stage).copied().flatten();
    match parent {
        Some(parent) => {
            let _ = write!(out, ": built on stage {parent}, {}.", stage_name(document, parent));
        }
        None => {
            let _ = write!(out, ": built on {}.", code(info.image));
        }
    }
    let body = document.cx.stage_body(info);
    let steps: Vec<Keyword> = body.map(|i| i.kind()).filter(|k| *k != Keyword::Unknown).collect();
    let layers = steps.iter().filter(|k| matches!(k, Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Workdir));
    let count = |n: usize, what: &str| if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") };
    let _ = write!(out, " {}, of which {} make a layer.", count(steps.len(), "instruction"), layers.count());
    let sites = stage_sites(document);
    let mut users: Vec<String> = Vec::new();
    for site in sites.iter().filter(|s| s.stage == stage && !s.reference.definition) {
        let Some(inst) = document.inst(site.inst) else { continue };
        let at = line(document, site.reference.span.start);
        users.push(format!("{} on line {at}", inst.kind().name()));
    }
    users.dedup();
    match users.as_slice() {
        [] => {}
        [some @ .., _] if users.len() > 6 => {
            let _ = write!(out, "\n\nUsed by {} and {} more.", some[..5].join(", "), users.len() - 5);
        }
        all => {
            let _ = write!(out, "\n\nUsed by {}.", all.join(", "));
        }
    }
    let last = document.cx.stages.len().saturating_sub(1);
    out.push_str("\n\n");
    if stage == last {
        out.push_str("It is the last stage: what is built where no `--target` is given.");
    } else if reached(document, &sites, last, stage) {
        out.push_str("The last stage needs it.");
    } else {
        out.push_str("The last stage does not need it: it is built only with `--target`.");
    }
    out
}

/// Whether a build of `from` needs `wanted`.
fn reached(document: &Document<'_>, sites: &[super::references::StageSite], from: usize, wanted: usize) -> bool {
    let mut needs: Vec<Vec<usize>> = vec![Vec::new(); document.cx.stages.len()];
    for site in sites.iter().filter(|s| !s.reference.definition) {
        let by = document.inst(site.inst).and_then(|i| i.stage);
        if let Some(list) = by.and_then(|s| needs.get_mut(s)) {
            list.push(site.stage);
        }
    }
    let mut seen = vec![false; needs.len()];
    let mut open = vec![from];
    while let Some(stage) = open.pop() {
        if stage == wanted {
            return true;
        }
        let Some(seen) = seen.get_mut(stage).filter(|s| !**s) else { continue };
        *seen = true;
        open.extend(needs.get(stage).into_iter().flatten());
    }
    false
}

/// What every build knows of a variable.
fn platform_text(name: &str) -> Option<&'static str> {
    PLATFORM_ARGS.iter().find(|(n, _)| *n == name).map(|(_, text)| *text)
}

/// A variable with its value and where that comes from.
pub(super) fn variable(document: &Document<'_>, name: &str, variable: &Variable) -> String {
    let mut out = match &variable.value {
        Some(value) => format!("{} = {}", code(name), code(value)),
        None => code(name),
    };
    out.push_str("\n\n");
    if let Some(text) = platform_text(name) {
        let _ = write!(out, "{text} ");
    }
    let keyword = if variable.env { "`ENV`" } else { "`ARG`" };
    match (variable.set_at, variable.from_global) {
        (Some(span), false) => {
            let _ = write!(out, "{keyword} on line {}.", line(document, span.start));
        }
        (Some(span), true) => {
            let _ = write!(out, "{keyword} before the first stage, on line {}.", line(document, span.start));
        }
        (None, _) => out.push_str("Every build has it."),
    }
    out.push_str(match (variable.env, &variable.value) {
        (true, Some(_)) => " The container has it too.",
        (true, None) => " The container has it too. Its value depends on what the file does not say.",
        (false, Some(_)) if variable.set_at.is_some() => {
            " `--build-arg` can change it. The container does not have it."
        }
        (false, None) if platform_text(name).is_none() => " It has no value unless `--build-arg` gives one.",
        _ => "",
    });
    out
}

/// A variable that nothing in the file sets before it is read.
pub(super) fn unset(document: &Document<'_>, name: &str, kind: SiteKind, in_stage: bool) -> String {
    let mut out = format!("{}\n\n", code(name));
    let global = document.global_args().any(|p| p.key.text == name);
    if let Some(text) = platform_text(name).filter(|_| in_stage) {
        let _ = write!(out, "{text} Not declared in this stage: add `ARG {name}` above.");
    } else if global && in_stage {
        let _ = write!(out, "An `ARG` before the first stage. This stage does not see it: add `ARG {name}` above.");
    } else if kind == SiteKind::Runtime {
        out.push_str("No `ENV` sets it: the base image does, or what starts the container.");
    } else if in_stage {
        out.push_str(
            "Nothing in this file sets it before this line: the base image does, or the shell, or it is empty.",
        );
    } else {
        out.push_str("No `ARG` before this line declares it: it is empty.");
    }
    out
}

/// An image reference taken apart.
pub(super) fn image(written: &str, expanded: &str) -> String {
    let mut out = code(written);
    if written != expanded {
        let _ = write!(out, " is {}", code(expanded));
    }
    if expanded == "scratch" {
        out.push_str("\n\nNothing: a stage that starts empty.");
        return out;
    }
    let full = match reference::normalize(expanded) {
        Ok(full) => full,
        Err(error) => {
            let _ = write!(out, "\n\n{error}.");
            return out;
        }
    };
    let (rest, digest) = full.split_once('@').map_or((full.as_str(), None), |(r, d)| (r, Some(d)));
    let (registry, path) = rest.split_once('/').unwrap_or(("", rest));
    let (repository, tag) = path.split_once(':').map_or((path, None), |(p, t)| (p, Some(t)));
    let familiar = reference::familiar(rest).split(':').next();
    if let Some((_, about)) = docs::IMAGES.iter().find(|(n, _)| Some(*n) == familiar) {
        let _ = write!(out, "\n\n{about}");
    }
    out.push('\n');
    let default = |yes: bool| if yes { " (the default)" } else { "" };
    let _ = write!(out, "\n- registry: {}{}", code(registry), default(!expanded.starts_with(registry)));
    let _ = write!(out, "\n- repository: {}", code(repository));
    if let Some(tag) = tag {
        let _ = write!(out, "\n- tag: {}{}", code(tag), default(!expanded.contains(&format!(":{tag}"))));
    }
    match digest {
        Some(digest) => {
            let _ = write!(out, "\n- digest: {}: always the same image", code(digest));
        }
        None => out.push_str("\n- no digest: the tag may name another image tomorrow"),
    }
    out
}

/// A rule: its name, what it says, where more can be read.
pub(super) fn rule(rule: &Rule) -> String {
    let mut out = format!("**{}** {}\n\n{}", rule.code, rule.name, rule.summary());
    if let Some(url) = rule.url() {
        let _ = write!(out, "\n\n[More about it]({url})");
    }
    out
}

/// Whether a reference stands in a `FROM`, and what that comes to.
pub(super) fn from_image(document: &Document<'_>, inst: usize) -> Option<(Span, String, String)> {
    match &document.inst(inst)?.read {
        Instruction::From(from) if !from.image.text.is_empty() => {
            let globals = document.globals(&Default::default(), None);
            let expanded = document.expander().expand(from.image.text, &globals).map(|e| e.word).ok()?;
            Some((from.image.span, from.image.text.to_owned(), expanded))
        }
        _ => None,
    }
}
