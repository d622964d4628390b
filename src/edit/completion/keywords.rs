//! The keywords of instructions, in the case that the file uses.

use super::{CompletionKind, Place, in_name};
use crate::dockerfile::syntax::Keyword;
use crate::edit::{describe, docs};

impl Place<'_, '_> {
    /// The instructions that can begin here; `outer` is the `ONBUILD` before.
    pub(super) fn keywords(&mut self, outer: Option<Keyword>, typed: &str) {
        let Some(span) = self.span(typed, in_name) else { return };
        let document = self.document;
        let first = document.cx.stages.first().and_then(|s| document.inst(s.from));
        let in_stage = first.is_some_and(|f| f.node.span.end < span.start);
        let lower = self.is_lower(span.start);
        for doc in &docs::INSTRUCTIONS {
            let fits = match doc.keyword {
                // Deprecated: nobody should write a new one.
                Keyword::Maintainer => false,
                Keyword::From => outer.is_none(),
                Keyword::Onbuild => outer.is_none() && in_stage,
                Keyword::Arg => true,
                _ => in_stage,
            };
            if fits {
                let name = doc.keyword.name();
                let name = if lower { name.to_lowercase() } else { name.to_owned() };
                let summary = doc.text.split_inclusive(['.', ':']).next().unwrap_or("");
                self.offer(span, CompletionKind::Instruction, &name)
                    .detail(summary.trim_end_matches(['.', ':']))
                    .doc(describe::instruction(doc));
            }
        }
    }

    /// Whether keywords are written in lower case: as most of the others are; where there are none, as this one is.
    fn is_lower(&self, at: u32) -> bool {
        let mut count = 0i64;
        for inst in self.document.cx.instructions.iter().filter(|i| i.kind() != Keyword::Unknown) {
            let word = &inst.node.keyword;
            if !(word.span.start <= at && at <= word.span.end) {
                count += if word.text.bytes().any(|b| b.is_ascii_lowercase()) { 1 } else { -1 };
            }
        }
        if count != 0 {
            return count > 0;
        }
        let here = self.document.source.get(at as usize);
        here.is_some_and(u8::is_ascii_lowercase)
    }
}
