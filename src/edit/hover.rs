//! What the thing at a place is, in a few words.

use super::references::{Thing, mount_options, thing_near};
use super::variables::{Given, SiteKind, visible_at};
use super::{Document, describe, docs};
use crate::dockerfile::instruction::Instruction;
use crate::dockerfile::syntax::{ItemKind, Keyword};
use crate::lint::context::Inst;
use crate::lint::rules;
use crate::text::Span;

/// What a hover shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// Markdown.
    pub contents: String,
    /// What it is about.
    pub span: Span,
}

/// What the thing at an offset is: an instruction, a flag, a stage, a variable, an image, a rule.
pub fn hover(document: &Document<'_>, offset: u32) -> Option<Hover> {
    let item = document.item_at(offset)?;
    match item.kind {
        ItemKind::Directive(i) => directive(document, i as usize, offset),
        ItemKind::Comment(_) => comment(document, offset),
        ItemKind::Instruction(_) => {
            let inside = document.file.comments.iter().any(|c| c.inside && holds(c.span, offset));
            if inside { comment(document, offset) } else { instruction(document, offset) }
        }
        ItemKind::Blank => None,
    }
}

fn holds(span: Span, offset: u32) -> bool {
    span.start <= offset && offset <= span.end
}

fn directive(document: &Document<'_>, index: usize, offset: u32) -> Option<Hover> {
    let directive = document.file.directives.get(index)?;
    if holds(directive.value_span, offset)
        && let Some(hover) = rule(document, offset)
    {
        return Some(hover);
    }
    let (name, _, text) = docs::DIRECTIVES.iter().find(|(n, ..)| *n == directive.name)?;
    Some(Hover { contents: format!("```dockerfile\n# {name}=\n```\n\n{text}"), span: directive.span })
}

fn comment(document: &Document<'_>, offset: u32) -> Option<Hover> {
    // Only where the comment steers something.
    let line = super::completion::line_at(document, offset);
    let text = document.text(line);
    (text.contains("ignore") || text.contains("check")).then(|| rule(document, offset)).flatten()
}

/// The rule that is named at an offset.
fn rule(document: &Document<'_>, offset: u32) -> Option<Hover> {
    let part = |b: &u8| b.is_ascii_alphanumeric();
    let (before, after) = document.source.split_at_checked(offset as usize)?;
    let start = offset - before.iter().rev().take_while(|b| part(b)).count() as u32;
    let end = offset + after.iter().take_while(|b| part(b)).count() as u32;
    let span = Span { start, end };
    let rule = rules::find(document.text(span)).filter(|r| r.code == document.text(span))?;
    Some(Hover { contents: describe::rule(rule), span })
}

fn instruction(document: &Document<'_>, offset: u32) -> Option<Hover> {
    let index = document.inst_at(offset)?;
    let inst = document.inst(index)?;
    let node = inst.node;
    if let Some((thing, reference)) = thing_near(document, offset) {
        return Some(Hover { contents: named(document, &thing), span: reference.span });
    }
    for span in [inst.outer.keyword.span, node.keyword.span] {
        if holds(span, offset) {
            let kind = if span == node.keyword.span { node.kind } else { inst.outer.kind };
            return Some(Hover { contents: describe::instruction(docs::instruction(kind)?), span });
        }
    }
    if let Some(hover) = flag(document, inst, offset) {
        return Some(hover);
    }
    if let Some((span, written, expanded)) = describe::from_image(document, index).filter(|(s, ..)| holds(*s, offset)) {
        return Some(Hover { contents: describe::image(&written, &expanded), span });
    }
    if let Instruction::Healthcheck(health) = &inst.read
        && holds(health.kind_word.span, offset)
    {
        let doc = docs::instruction(Keyword::Healthcheck)?;
        return Some(Hover { contents: describe::instruction(doc), span: health.kind_word.span });
    }
    if let Instruction::Label(pairs) = &inst.read
        && let Some(pair) = pairs.iter().find(|p| holds(p.key.span, offset))
    {
        let name = pair.key.text.trim_matches(['"', '\'']).strip_prefix(docs::LABEL_PREFIX)?;
        let (_, text) = docs::LABELS.iter().find(|(n, _)| *n == name)?;
        return Some(Hover { contents: (*text).to_owned(), span: pair.key.span });
    }
    let heredoc = inst.outer.heredocs.iter().find(|h| holds(h.span, offset) || holds(h.terminator, offset))?;
    let lines = heredoc.content.lines().count();
    let what = match inst.node.kind {
        Keyword::Run => "for the shell",
        _ if heredoc.expand => "variables in it are expanded",
        _ => "taken as it is",
    };
    let span = if holds(heredoc.span, offset) { heredoc.span } else { heredoc.terminator };
    let contents = format!("Here-document {}: {lines} lines, {what}.", describe::code(&heredoc.name));
    Some(Hover { contents, span })
}

/// A stage or a variable.
fn named(document: &Document<'_>, thing: &Thing) -> String {
    let (sites, here) = match thing {
        Thing::Stage(stage) => return describe::stage(document, *stage),
        Thing::Variable { sites, resolved, at } => (sites, resolved.get(*at)),
    };
    let Some((site, here)) = here.and_then(|h| Some((sites.get(h.site)?, h))) else { return String::new() };
    let in_stage =
        document.inst(site.inst).is_some_and(|i| i.stage.is_some() && !matches!(i.read, Instruction::From(_)));
    // A definition shows what it gives; what a container reads is there at the end of the stage.
    let inst = match site.kind {
        SiteKind::Runtime => {
            let stage = document.inst(site.inst).and_then(|i| document.cx.stages.get(i.stage?));
            stage.map_or(site.inst, |s| s.body.end.saturating_sub(1))
        }
        _ => site.inst,
    };
    let variables = visible_at(document, inst, site.kind != SiteKind::Use, &Given::default());
    match variables.get(&site.name).filter(|_| here.group.is_some()) {
        Some(variable) => describe::variable(document, &site.name, variable),
        None => describe::unset(document, &site.name, site.kind, in_stage),
    }
}

fn flag(document: &Document<'_>, inst: &Inst<'_>, offset: u32) -> Option<Hover> {
    let node = inst.node;
    let flag = node.flags.iter().find(|f| holds(f.span, offset))?;
    let doc = docs::instruction(node.kind)?.flags.iter().find(|d| d.name == flag.name())?;
    let about = |text: &str, span| Some(Hover { contents: text.to_owned(), span });
    if doc.name == "mount" && offset > flag.name_span.end {
        for option in mount_options(node, flag.value_text()) {
            let value = node.source_span(option.value.start as u32..option.value.end as u32);
            let whole = node.source_span(option.key_range().start..option.value.end as u32);
            if !holds(whole, offset) {
                continue;
            }
            let mount_type = docs::MOUNT_TYPES.iter().find(|(n, _)| n.eq_ignore_ascii_case(document.text(value)));
            if let Some((_, text)) = mount_type.filter(|_| option.key == "type") {
                return about(text, whole);
            }
            return about(docs::mount_option(&option.key)?.text, whole);
        }
    }
    if matches!(doc.takes, docs::Takes::Stage) && holds(flag.value_span, offset) {
        let image = flag.value().filter(|v| !v.is_empty())?;
        return about(&describe::image(image, image), flag.value_span);
    }
    Some(Hover { contents: format!("`--{}`\n\n{}", doc.name, doc.text), span: flag.span })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    fn at(marked: &str) -> Option<(String, String)> {
        let offset = marked.find('^').unwrap() as u32;
        let text = marked.replacen('^', "", 1);
        let file = parse(text.as_bytes());
        hover(&Document::new(text.as_bytes(), &file), offset).map(|h| (h.span.str_of(&text).to_owned(), h.contents))
    }

    fn says(marked: &str, about: &str, parts: &[&str]) {
        let (span, contents) = at(marked).unwrap_or_else(|| panic!("nothing at {marked:?}"));
        assert_eq!(span, about, "{contents}");
        for part in parts {
            assert!(contents.contains(part), "{part:?} is not in {contents:?}");
        }
    }

    #[test]
    fn the_language_explains_itself() {
        says("FROM a\nRU^N x\n", "RUN", &["RUN <<EOF", "Runs a command"]);
        says("FROM a\nonb^uild run x\n", "onbuild", &["ONBUILD INSTRUCTION"]);
        says("FROM a\nonbuild ru^n x\n", "run", &["RUN <<EOF"]);
        says("FROM a\nCOPY --li^nk a b\n", "--link", &["`--link`", "layer"]);
        says("FROM a\nRUN --mount=type=ca^che,target=/x y\n", "type=cache", &["stays between builds"]);
        says("FROM a\nRUN --mount=type=cache,tar^get=/x y\n", "target=/x", &["Where it is mounted"]);
        says("FROM a\nHEALTHCHECK NO^NE\n", "NONE", &["HEALTHCHECK NONE"]);
        says("# syn^tax=x\nFROM a\n", "# syntax=x", &["reads the file"]);
        says("# check=skip=StageName^Casing\nFROM a\n", "StageNameCasing", &["**StageNameCasing**"]);
        says("FROM a\n# hadolint ignore=DL30^03\nRUN x\n", "DL3003", &["**DL3003**"]);
        says(
            "FROM a\nLABEL org.opencontainers.image.ti^tle=x\n",
            "org.opencontainers.image.title",
            &["name of the image"],
        );
        says("FROM a\nCOPY <<E^OF /x\n1\n2\nEOF\n", "<<EOF", &["2 lines", "expanded"]);
        assert_eq!(at("FROM a\n# just DL30^03\n"), None);
        assert_eq!(at("FROM a\nRUN x^yz\n"), None);
        assert_eq!(at("FROM a\n^\n"), None);
    }

    #[test]
    fn stages_tell_what_they_are_for() {
        let text = "FROM go:1 AS bu^ild\nRUN x\nENV a=b\nFROM scratch AS lost\nFROM scratch\nCOPY --from=build x y\n";
        says(
            text,
            "build",
            &[
                "Stage 0, `build`",
                "built on `go:1`",
                "2 instructions, of which 1 make",
                "COPY on line 6",
                "The last stage needs it.",
            ],
        );
        says("FROM a AS lo^st\nFROM b\n", "lost", &["does not need it"]);
        says("FROM a AS x\nFROM ^x\n", "x", &["Stage 0, `x`", "FROM on line 2"]);
        says("FROM a AS l^ast\n", "last", &["It is the last stage"]);
    }

    #[test]
    fn variables_tell_their_value_and_where_it_is_from() {
        says("ARG V=1.2\nFROM a:$^V\n", "V", &["`V` = `1.2`", "line 1", "--build-arg"]);
        says("ARG V=1.2\nFROM a\nARG V\nRUN echo $^V\n", "V", &["`1.2`", "before the first stage, on line 1"]);
        says("FROM a AS x\nENV V=1 W=$V\nFROM x\nRUN echo $^V\n", "V", &["`1`", "`ENV` on line 2", "container has it"]);
        says("FROM a\nARG V=1\nENV V^=${V}2\n", "V", &["`12`"]);
        says("FROM a\nENV V=${U^NKNOWN}2\n", "UNKNOWN", &["Nothing in this file sets it"]);
        says("FROM a\nENV V=$U\nRUN $^V\n", "V", &["depends"]);
        says("ARG V=1\nFROM a\nRUN $^V\n", "V", &["add `ARG V` above"]);
        says("FROM a\nRUN $TARGET^ARCH\n", "TARGETARCH", &["add `ARG TARGETARCH`"]);
        says("FROM a\nARG TARGETARCH\nRUN $TARGET^ARCH\n", "TARGETARCH", &["`amd64`"]);
        says("FROM a\nARG ^V\n", "V", &["no value unless"]);
    }

    #[test]
    fn images_are_taken_apart() {
        says(
            "FROM al^pine:3.20\n",
            "alpine:3.20",
            &["Alpine Linux", "repository: `library/alpine`", "tag: `3.20`", "no digest"],
        );
        says("ARG V=3\nFROM alpine:^$V\n", "V", &["`3`"]);
        says("ARG V=3\nFROM al^pine:$V\n", "alpine:$V", &["is `alpine:3`"]);
        says("FROM scr^atch\n", "scratch", &["starts empty"]);
        says("FROM a\nCOPY --from=ngi^nx /x /\n", "nginx", &["web server"]);
        says("FROM UP^PER\n", "UPPER", &["lowercase"]);
        says(
            "FROM localhost:5000/a/b@sha256:^0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
            "localhost:5000/a/b@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            &["registry: `localhost:5000`\n", "repository: `a/b`", "always the same"],
        );
    }

    #[test]
    fn inline_code_keeps_backquotes() {
        assert_eq!(describe::code("a`b"), "`` a`b ``");
        assert_eq!(describe::code(""), "`  `");
    }
}
