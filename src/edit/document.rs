//! A parsed file as the services look at it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use crate::dockerfile::expand::Expander;
use crate::dockerfile::instruction::{Instruction, Pair};
use crate::dockerfile::syntax::{Dockerfile, Item, ItemKind, Node};
use crate::lint::LintOptions;
use crate::lint::config::Config;
use crate::lint::context::{Context, Inst};
use crate::plan::Platform;
use crate::text::Span;

/// A Dockerfile with its instructions read, its stages and what they are built on.
#[derive(Debug)]
pub struct Document<'a> {
    pub(super) source: &'a [u8],
    pub(super) file: &'a Dockerfile<'a>,
    pub(super) cx: Context<'a>,
    /// For each node of the file, the index of its instruction.
    of_node: Vec<usize>,
    graph: OnceCell<Graph>,
}

/// The stages by name, and what each is built on.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// Stages by lower-case name, in order.
    pub(super) names: HashMap<String, Vec<usize>>,
    /// The earlier stage that each stage starts from, after expansion of its `FROM`.
    pub(super) parents: Vec<Option<usize>>,
    /// Some stage starts from this one.
    pub(super) is_base: Vec<bool>,
}

static DEFAULTS: LazyLock<(LintOptions, Config)> = LazyLock::new(Default::default);

impl<'a> Document<'a> {
    /// Looks at `file`, which is `source` parsed.
    pub fn new(source: &'a [u8], file: &'a Dockerfile<'a>) -> Self {
        let (options, config) = &*DEFAULTS;
        let cx = Context::new(source, file, options, config, false);
        let mut of_node = Vec::with_capacity(file.nodes.len());
        let mut at = 0;
        for node in &file.nodes {
            of_node.push(at);
            at += 1 + usize::from(node.child.is_some());
        }
        Self { source, file, cx, of_node, graph: OnceCell::new() }
    }

    /// The stretch of lines that holds an offset; the end of the text belongs to a last line that has no line feed.
    pub(super) fn item_at(&self, offset: u32) -> Option<&'a Item> {
        let i = self.file.items.partition_point(|i| i.span.end <= offset);
        self.file.items.get(i).or_else(|| {
            let last = self.file.items.last()?;
            (last.span.end == offset && !last.span.of(self.source).ends_with(b"\n")).then_some(last)
        })
    }

    /// The index of the instruction of a node, by the node's index.
    pub(super) fn inst_of(&self, node: usize) -> Option<usize> {
        self.of_node.get(node).copied()
    }

    /// The instruction of this index.
    pub(super) fn inst(&self, index: usize) -> Option<&Inst<'a>> {
        self.cx.instructions.get(index)
    }

    /// The bytes of the file under a span, as text; empty where they are not UTF-8.
    pub(super) fn text(&self, span: Span) -> &'a str {
        std::str::from_utf8(span.of(self.source)).unwrap_or("")
    }

    /// The words of the file expand by its own escape character.
    pub(super) fn expander(&self) -> Expander {
        Expander { escape: self.file.escape, ..Expander::default() }
    }

    pub(super) fn graph(&self) -> &Graph {
        self.graph.get_or_init(|| {
            let mut graph = Graph { is_base: vec![false; self.cx.stages.len()], ..Graph::default() };
            let globals = self.globals(&BTreeMap::new(), None);
            for (index, stage) in self.cx.stages.iter().enumerate() {
                let base = match stage.image.contains(['$', '\'', '"', self.file.escape.char()]) {
                    true => self.expander().expand(stage.image, &globals).map_or(String::new(), |e| e.word),
                    false => stage.image.to_owned(),
                };
                let parent = graph.names.get(&base.to_lowercase()).and_then(|list| list.last().copied());
                if let Some(is_base) = parent.and_then(|p| graph.is_base.get_mut(p)) {
                    *is_base = true;
                }
                graph.parents.push(parent);
                if let Some(name) = stage.name {
                    graph.names.entry(name.to_lowercase()).or_default().push(index);
                }
            }
            graph
        })
    }

    /// Values of the variables that a `FROM` can use: the platform's, then the `ARG`s before the first stage.
    pub(super) fn globals(&self, given: &BTreeMap<String, String>, platform: Option<&str>) -> BTreeMap<String, String> {
        let host = Platform::linux("amd64");
        let target = platform.and_then(|p| Platform::parse(p, &host).ok()).unwrap_or_else(|| host.clone());
        let mut out = BTreeMap::new();
        for (prefix, p) in [("BUILD", &host), ("TARGET", &target)] {
            for (name, value) in [
                ("PLATFORM", p.full()),
                ("OS", p.os.clone()),
                ("OSVERSION", p.os_version.clone()),
                ("ARCH", p.architecture.clone()),
                ("VARIANT", p.variant.clone()),
            ] {
                out.insert(format!("{prefix}{name}"), value);
            }
        }
        let last = self.cx.stages.last().and_then(|s| s.name);
        out.insert("TARGETSTAGE".into(), last.map_or_else(|| "default".into(), str::to_lowercase));
        for (name, value) in &mut out {
            if let Some(given) = given.get(name) {
                value.clone_from(given);
            }
        }
        let expander = self.expander();
        for inst in self.cx.top().take_while(|i| i.stage.is_none()) {
            let Instruction::Arg(pairs) = &inst.read else { continue };
            for pair in pairs {
                let default = pair.value.and_then(|v| expander.expand(v.text, &out).ok()).map(|e| e.word);
                if let Some(value) = given.get(pair.key.text).cloned().or(default).filter(|v| v.len() <= MAX_VALUE) {
                    out.insert(pair.key.text.to_owned(), value);
                }
            }
        }
        out
    }

    /// The names that `ARG`s before the first stage declare, in order.
    pub(super) fn global_args(&self) -> impl Iterator<Item = &Pair<'a>> {
        self.cx.top().take_while(|i| i.stage.is_none()).flat_map(|i| match &i.read {
            Instruction::Arg(pairs) => pairs.as_slice(),
            _ => &[],
        })
    }

    /// The index of the instruction at an offset: the one inside an `ONBUILD` where the offset is there.
    pub(super) fn inst_at(&self, offset: u32) -> Option<usize> {
        let ItemKind::Instruction(node) = self.item_at(offset)?.kind else { return None };
        let index = self.inst_of(node as usize)?;
        let inner = self.inst(index + 1).filter(|i| i.onbuild && i.node.keyword.span.start <= offset);
        Some(index + usize::from(inner.is_some()))
    }

    /// The last instruction of a stage, `ONBUILD` itself rather than what is in it.
    pub(super) fn last_node(&self, stage: usize) -> Option<&'a Node<'a>> {
        let stage = self.cx.stages.get(stage)?;
        let last = stage.body.end.checked_sub(1).filter(|&i| i >= stage.from)?;
        self.inst(last).map(|i| i.outer)
    }
}

/// Bytes of a variable's value from which it is taken for unknown: values that refer to each other could double
/// without end.
pub(super) const MAX_VALUE: usize = 4096;
