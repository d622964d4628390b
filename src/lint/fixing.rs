//! Applying fixes.

use serde::{Deserialize, Serialize};

use super::config::YamlError;
use super::rule::Edit;
use super::{Finding, LintOptions, finding, lint_settled};
use crate::order;
use crate::text::LineIndex;

/// Rounds after which fixing stops: a fix may make room for another one, but not for ever.
const MAX_ROUNDS: usize = 10;

/// A text after its safe fixes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct FixResult {
    /// The text.
    pub text: String,
    /// What was fixed; places are those of the round in which it was.
    pub applied: Vec<Finding>,
    /// What is left in the new text.
    pub remaining: Vec<Finding>,
}

/// Applies every safe fix, and with `options.unsafe_fixes` every suggestion, that overlaps no other, again until nothing changes.
///
/// # Errors
///
/// Only where `options.config` is not YAML.
pub fn fix(source: &str, options: &LintOptions) -> Result<FixResult, YamlError> {
    let mut text = source.to_owned();
    let mut applied = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let settled = lint_settled(text.as_bytes(), options)?;
        let index = LineIndex::new(text.as_bytes());
        let mut edits: Vec<&Edit> = Vec::new();
        let mut taken: Vec<Finding> = Vec::new();
        // Bytes that an earlier fix touches, by start: what begins or ends in them has to wait for the next round.
        let mut touched: std::collections::BTreeMap<u32, u32> = std::collections::BTreeMap::new();
        for one in &settled {
            let Some(fix) = one.raw.fix.as_ref().filter(|f| f.safe || options.unsafe_fixes) else { continue };
            let free =
                |new: &Edit| touched.range(..=new.span.end).next_back().is_none_or(|(_, end)| *end < new.span.start);
            if fix.edits.iter().all(free) {
                touched.extend(fix.edits.iter().map(|e| (e.span.start, e.span.end)));
                edits.extend(&fix.edits);
                taken.push(finding(one, &index));
            }
        }
        order::sort_by(&mut edits, |a, b| a.span.start.cmp(&b.span.start));
        let mut next = String::with_capacity(text.len());
        let mut at = 0usize;
        for edit in edits {
            let range = edit.span.range();
            if let Some(kept) = text.get(at..range.start) {
                next.push_str(kept);
                next.push_str(&edit.text);
                at = range.end;
            }
        }
        next.push_str(text.get(at..).unwrap_or(""));
        if next == text {
            break;
        }
        text = next;
        applied.extend(taken);
    }
    let remaining = lint_settled(text.as_bytes(), options)?;
    let index = LineIndex::new(text.as_bytes());
    let remaining = remaining.iter().map(|s| finding(s, &index)).collect();
    Ok(FixResult { text, applied, remaining })
}
