//! Where a stage or a variable is defined and used.

use std::ops::Range;

use super::Document;
use super::variables::{self, Resolved, Site};
use crate::dockerfile::instruction::Instruction;
use crate::dockerfile::syntax::{Node, Text};
use crate::text::Span;

/// A place where a stage or a variable is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The name, or the number of a stage.
    pub span: Span,
    /// It is defined here: `AS name`, `ARG name`, `ENV name=`.
    pub definition: bool,
    /// How it is named here.
    pub(super) written: Written,
}

/// How a [`Reference`] names its thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// By its name.
    Name,
    /// By its name in a `FROM`, where BuildKit finds only lower case.
    Base,
    /// A stage by its number.
    Number,
    /// A stage by the value of a variable.
    Value,
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Thing {
    Stage(usize),
    Variable {
        sites: Vec<Site>,
        /// Those of its name.
        resolved: Vec<Resolved>,
        /// The one at the place, an index into `resolved`.
        at: usize,
    },
}

/// A stage named somewhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct StageSite {
    pub(super) stage: usize,
    pub(super) reference: Reference,
    /// The instruction that names it.
    pub(super) inst: usize,
}

/// Where the stage or variable at an offset is defined: for a use, what gives it its value.
///
/// A stage without a name is defined by its `FROM`. `None` where nothing of the file defines what stands there.
pub fn definition(document: &Document<'_>, offset: u32) -> Option<Span> {
    let (thing, _) = thing_near(document, offset)?;
    match thing {
        Thing::Stage(stage) => stage_definition(document, stage),
        Thing::Variable { sites, resolved, at } => {
            let set_by = resolved.get(at)?.set_by?;
            sites.get(set_by).map(|s| s.span)
        }
    }
}

/// All places that name the stage or variable at an offset, its definitions included, in the order of the text.
///
/// A variable that the file does not set before has the one reference that was asked about.
pub fn references(document: &Document<'_>, offset: u32) -> Vec<Reference> {
    let Some((thing, _)) = thing_near(document, offset) else { return Vec::new() };
    references_to(document, &thing)
}

pub(super) fn references_to(document: &Document<'_>, thing: &Thing) -> Vec<Reference> {
    let mut found: Vec<Reference> = match thing {
        Thing::Stage(stage) => {
            let sites = stage_sites(document);
            sites.into_iter().filter(|s| s.stage == *stage).map(|s| s.reference).collect()
        }
        Thing::Variable { sites, resolved, at } => {
            let group = resolved.get(*at).and_then(|r| r.group);
            let same = |(i, r): &(usize, &Resolved)| if group.is_some() { r.group == group } else { i == at };
            let site = |(_, r): (usize, &Resolved)| sites.get(r.site);
            let reference =
                |s: &Site| Reference { span: s.span, definition: s.kind.is_definition(), written: Written::Name };
            resolved.iter().enumerate().filter(same).filter_map(site).map(reference).collect()
        }
    };
    crate::order::sort_by(&mut found, |a, b| a.span.cmp(&b.span));
    found.dedup_by_key(|r| r.span);
    found
}

/// The name of a stage where it is given one; its `FROM` where not.
pub(super) fn stage_definition(document: &Document<'_>, stage: usize) -> Option<Span> {
    let from = document.inst(document.cx.stages.get(stage)?.from)?;
    match &from.read {
        Instruction::From(f) => Some(f.name.map_or(from.node.span, |n| n.span)),
        _ => None,
    }
}

/// As [`thing_at`], and before the `$` or `{` of a variable too.
pub(super) fn thing_near(document: &Document<'_>, offset: u32) -> Option<(Thing, Reference)> {
    let at = offset as usize;
    let rest = document.source.get(at..).unwrap_or(&[]);
    let skip = match rest {
        [b'$', b'{', ..] => 2,
        [b'$', ..] => 1,
        [b'{', ..] if at.checked_sub(1).and_then(|i| document.source.get(i)) == Some(&b'$') => 1,
        _ => 0,
    };
    if skip > 0
        && let Some((thing @ Thing::Variable { .. }, reference)) = thing_at(document, offset + skip)
    {
        return Some((thing, reference));
    }
    thing_at(document, offset)
}

/// The stage or variable at an offset, and where it is named there.
pub(super) fn thing_at(document: &Document<'_>, offset: u32) -> Option<(Thing, Reference)> {
    let holds = |span: Span| span.start <= offset && offset <= span.end;
    // A variable in the name of a stage is the smaller thing.
    let sites = variables::sites(document);
    // Of two that touch, the one that begins here.
    if let Some(index) = (0..sites.len()).filter(|&i| holds(sites[i].span)).max_by_key(|&i| sites[i].span.start) {
        let site = &sites[index];
        let resolved = variables::resolve(document, &sites, &site.name);
        let at = resolved.iter().position(|r| r.site == index)?;
        let reference = Reference { span: site.span, definition: site.kind.is_definition(), written: Written::Name };
        return Some((Thing::Variable { sites, resolved, at }, reference));
    }
    let site = stage_sites(document).into_iter().find(|s| holds(s.reference.span))?;
    Some((Thing::Stage(site.stage), site.reference))
}

/// All places that name a stage.
pub(super) fn stage_sites(document: &Document<'_>) -> Vec<StageSite> {
    let graph = document.graph();
    let last = |name: &str| graph.names.get(&name.to_lowercase()).and_then(|l| l.last().copied());
    let mut out = Vec::new();
    for (index, inst) in document.cx.instructions.iter().enumerate() {
        // Triggers run in the stages of this file only where one starts from theirs.
        if inst.onbuild && inst.stage.is_none_or(|s| graph.is_base.get(s) != Some(&true)) {
            continue;
        }
        let node = inst.node;
        let mut push = |stage: usize, span: Span, definition: bool, written: Written| {
            out.push(StageSite { stage, reference: Reference { span, definition, written }, inst: index });
        };
        match &inst.read {
            Instruction::From(from) if !inst.onbuild => {
                let Some(stage) = inst.stage else { continue };
                if let Some(parent) = graph.parents.get(stage).copied().flatten() {
                    let written =
                        if is_written(document, parent, from.image.text) { Written::Base } else { Written::Value };
                    push(parent, from.image.span, false, written);
                }
                if let Some(name) = from.name.filter(|n| !n.text.is_empty()) {
                    push(stage, name.span, true, Written::Name);
                }
            }
            Instruction::Copy(copy) => {
                let Some(from) = copy.from.filter(|f| !f.text.is_empty()) else { continue };
                let span = flag_value(node, from).map_or(from.span, |r| node.source_span(r));
                let number = from.text.parse::<usize>().ok();
                match number {
                    Some(number) if number < document.cx.stages.len() => push(number, span, false, Written::Number),
                    Some(_) => {}
                    None => {
                        if let Some(stage) = last(from.text) {
                            push(stage, span, false, Written::Name);
                        }
                    }
                }
            }
            Instruction::Run(run) => {
                for mount in &run.mounts {
                    for range in mount_options(node, *mount).into_iter().filter(|o| o.key == "from") {
                        let name = node.logical.text.get(range.value.clone()).unwrap_or("");
                        if let Some(stage) = last(name) {
                            let span = node.source_span(range.value.start as u32..range.value.end as u32);
                            push(stage, span, false, Written::Name);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    out
}

fn is_written(document: &Document<'_>, stage: usize, text: &str) -> bool {
    document.cx.stages.get(stage).and_then(|s| s.name).is_some_and(|n| n.eq_ignore_ascii_case(text))
}

/// The value of a flag in the logical line, without quotes around it; `None` where it is written with quotes or escapes
/// in it.
fn flag_value(node: &Node, value: Text<'_>) -> Option<Range<u32>> {
    let text = node.logical.text.get(value.logical.0 as usize..value.logical.1 as usize)?;
    let at = text.rfind(value.text)? as u32 + value.logical.0;
    Some(at..at + value.text.len() as u32)
}

/// An option of a `--mount`, as written.
pub(super) struct MountOption {
    /// The name in lower case.
    pub(super) key: String,
    /// Its value in the logical line; empty where none is written.
    pub(super) value: Range<usize>,
    /// A `=` is written.
    has_value: bool,
}

impl MountOption {
    /// The name in the logical line.
    pub(super) fn key_range(&self) -> Range<u32> {
        let end = (self.value.start as u32).saturating_sub(u32::from(self.has_value));
        end.saturating_sub(self.key.len() as u32)..end
    }
}

/// The options of a `--mount` with their places in the logical line. Quotes around fields are left out.
pub(super) fn mount_options(node: &Node, mount: Text<'_>) -> Vec<MountOption> {
    let (start, end) = (mount.logical.0 as usize, mount.logical.1 as usize);
    let text = node.logical.text.get(start..end).unwrap_or("");
    let Some(equals) = text.find('=') else { return Vec::new() };
    let mut out = Vec::new();
    let mut at = equals + 1;
    for field in text.get(at..).unwrap_or("").split(',') {
        let open = field.len() - field.trim_start_matches(['"', '\'']).len();
        let inner = field.trim_matches(['"', '\'']);
        let from = start + at + open;
        let (key, value) = match inner.split_once('=') {
            Some((key, value)) => (key, from + key.len() + 1..from + key.len() + 1 + value.len()),
            None => (inner, from + inner.len()..from + inner.len()),
        };
        let has_value = inner.len() > key.len();
        out.push(MountOption { key: key.to_ascii_lowercase(), value, has_value });
        at += field.len() + 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    /// The places that name what stands at `^` in the text, definitions in brackets, each with its line.
    fn found(marked: &str) -> Vec<String> {
        let at = marked.find('^').unwrap();
        let text = marked.replacen('^', "", 1);
        let file = parse(text.as_bytes());
        let document = Document::new(text.as_bytes(), &file);
        references(&document, at as u32)
            .into_iter()
            .map(|r| {
                let line = text[..r.span.start as usize].matches('\n').count() + 1;
                let name = r.span.str_of(&text);
                if r.definition { format!("[{name}]{line}") } else { format!("{name}{line}") }
            })
            .collect()
    }

    #[test]
    fn stages_are_found_by_name_number_and_mount() {
        let text = "FROM a AS Bu^ild\nFROM build\nCOPY --from=BUILD /x /\nCOPY --from='build' /x /\n\
            RUN --mount=type=bind,\"from=build\",target=/x \\\n  --mount=from=build,target=/y true\nCOPY --from=0 /x /\n\
            COPY --from=other /x /\n";
        assert_eq!(found(text), ["[Build]1", "build2", "BUILD3", "build4", "build5", "build6", "07"]);
    }

    #[test]
    fn a_stage_named_by_a_variable_is_a_reference() {
        assert_eq!(found("ARG B=x\nFROM a AS ^x\nFROM ${B}\n"), ["[x]2", "${B}3"]);
        assert_eq!(found("ARG B=x\nFROM a AS x\nFROM ${^B}\n"), ["[B]1", "B3"]);
    }

    #[test]
    fn variables_keep_to_their_scopes() {
        let text = "ARG ^V=1\nFROM a:$V AS x\nRUN echo $V\nARG V\nRUN echo \"${V:-2}\" '$V'\nENV W=$V\n\
            FROM x\nRUN echo $V\nFROM b\nRUN echo $V\nARG V=3\nLABEL v=$V w='$V' x=\\$V\n";
        assert_eq!(found(text), ["[V]1", "V2", "[V]4", "V5", "V6", "V8", "[V]11", "V12"]);
        let own = "FROM a\nARG ^V=1\nUSER $V\nFROM b\nARG V=2\nUSER $V\n";
        assert_eq!(found(own), ["[V]2", "V3"]);
    }

    #[test]
    fn what_a_script_sets_itself_is_its_own() {
        let text = "FROM a\nENV ^V=1\nRUN echo $V; V=${V}2; echo $V\nRUN (V=2; echo $V); echo $V\n\
            RUN for V in 1; do echo $V; done\nRUN V=1 sh -c x $V\nRUN export V && echo $((V + 1))\n";
        assert_eq!(found(text), ["[V]2", "V3", "V3", "V4", "V6", "V7", "V7"]);
    }

    #[test]
    fn what_a_container_reads_is_set_by_env() {
        assert_eq!(found("FROM a\nARG ^V=1\nCMD echo $V\n"), ["[V]2"]);
        assert_eq!(
            found("FROM a\nCMD echo $V\nHEALTHCHECK CMD x $V\nENTRYPOINT [\"$V\"]\nENV ^V=1\n"),
            ["V2", "V3", "[V]5"]
        );
    }

    #[test]
    fn heredocs_flags_and_windows_shells_are_read() {
        let text = "FROM a\nENV ^V=1\nCOPY --chown=$V <<E /\n$V \\$V '$V'\nE\nCOPY --chown=\"$V\" <<'E' /$V\n$V\nE\nRUN <<E\necho $V\nE\n";
        assert_eq!(found(text), ["[V]2", "V3", "V4", "V4", "V6", "V6", "V10"]);
        assert_eq!(found("# escape=`\nFROM a\nSHELL [\"cmd\", \"/S\"]\nENV ^V=1\nRUN echo %V% `$V\n"), ["[V]4", "V5"]);
        assert_eq!(found("FROM a\nSHELL [\"powershell\"]\nENV ^V=1\nRUN echo $Env:V ${env:V}\n"), ["[V]3", "V4", "V4"]);
    }

    #[test]
    fn definitions_give_values() {
        let at = |marked: &str| {
            let offset = marked.find('^').unwrap() as u32;
            let text = marked.replacen('^', "", 1);
            let file = parse(text.as_bytes());
            definition(&Document::new(text.as_bytes(), &file), offset)
                .map(|s| (text[..s.start as usize].matches('\n').count() + 1, s.str_of(&text).to_owned()))
        };
        assert_eq!(at("FROM a AS b\nFROM c\nCOPY --from=^b x y\n"), Some((1, "b".to_owned())));
        assert_eq!(at("FROM a\nFROM c\nCOPY --from=^0 x y\n"), Some((1, "FROM a".to_owned())));
        assert_eq!(at("FROM a\nENV V=1\nENV V=2\nRUN echo $^V\nENV V=3\n"), Some((3, "V".to_owned())));
        assert_eq!(at("ARG V=1\nFROM a\nARG ^V\n"), Some((1, "V".to_owned())));
        assert_eq!(at("FROM a\nRUN echo $^V\n"), None);
        assert_eq!(at("FRO^M a\n"), None);
    }
}
