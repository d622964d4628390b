//! What follows keyword and flags.

use super::{Before, Completion, CompletionKind, Place, flags::after_flags, in_name, in_value, in_word, last_word};
use crate::dockerfile::instruction::Instruction;
use crate::dockerfile::syntax::Keyword;
use crate::edit::docs;
use crate::edit::variables::PLATFORM_ARGS;

impl Place<'_, '_> {
    /// Offers the arguments of an instruction.
    pub(super) fn arguments(&mut self, before: &Before<'_>) {
        let rest = after_flags(before.rest);
        let (earlier, typed) = last_word(rest);
        match before.kind {
            Keyword::From => self.from(before, earlier, typed),
            Keyword::Arg => self.arg(before, typed),
            Keyword::Label => self.label(before, typed),
            Keyword::Expose => self.port(typed),
            Keyword::Healthcheck if earlier.trim().is_empty() => {
                let lower = before.keyword.bytes().any(|b| b.is_ascii_lowercase());
                for (name, text) in
                    [("CMD", "the command that checks"), ("NONE", "no check, not even the base image's")]
                {
                    self.word(typed, lower, name, text);
                }
            }
            Keyword::Shell => {
                let Some(span) = self.span(rest, |b| !matches!(b, b'\n' | b'\r')) else { return };
                for (shell, what) in docs::SHELLS {
                    self.offer(span, CompletionKind::Value, shell).detail(what);
                }
            }
            Keyword::Stopsignal if earlier.is_empty() => {
                let Some(span) = self.span(typed, in_word) else { return };
                for (signal, what) in docs::SIGNALS {
                    self.offer(span, CompletionKind::Value, signal).detail(what);
                }
            }
            Keyword::User if earlier.is_empty() => self.users(typed),
            Keyword::Workdir if earlier.is_empty() => self.directories(typed),
            _ => {}
        }
    }

    fn word(&mut self, typed: &str, lower: bool, name: &str, detail: &str) {
        if let Some(span) = self.span(typed, in_name) {
            let name = if lower { name.to_lowercase() } else { name.to_owned() };
            self.offer(span, CompletionKind::Value, &name).detail(detail);
        }
    }

    fn from(&mut self, before: &Before<'_>, earlier: &str, typed: &str) {
        match earlier.split_whitespace().count() {
            0 if !typed.contains([':', '@', '/']) => {
                self.stages(before, typed);
                let more = |b: u8| in_word(b) && !matches!(b, b':' | b'@');
                let Some(span) = self.span(typed, more) else { return };
                self.offer(span, CompletionKind::Image, "scratch").doc("Nothing: the stage starts empty.");
                for (image, text) in docs::IMAGES {
                    self.offer(span, CompletionKind::Image, image).doc(*text);
                }
            }
            1 => {
                let lower = before.keyword.bytes().any(|b| b.is_ascii_lowercase());
                self.word(typed, lower, "AS", "gives the stage a name");
            }
            _ => {}
        }
    }

    /// Names that an `ARG` of a stage can take over: from before the first stage, and from the platform.
    fn arg(&mut self, before: &Before<'_>, typed: &str) {
        let document = self.document;
        let Some(inst) = document.inst(before.inst) else { return };
        let (Some(stage), false) = (inst.stage, typed.contains('=')) else { return };
        let Some(span) = self.span(typed, in_name) else { return };
        let mut declared: std::collections::HashSet<&str> = std::collections::HashSet::new();
        let body = document.cx.stages.get(stage).map_or(0..0, |s| s.body.clone());
        for other in body.filter(|&i| i != before.inst).filter_map(|i| document.inst(i)) {
            if let Instruction::Arg(pairs) = &other.read {
                declared.extend(pairs.iter().map(|p| p.key.text));
            }
        }
        for pair in document.global_args() {
            if declared.insert(pair.key.text) {
                let value = pair.value.map_or("", |v| v.text);
                let text = "Declared before the first stage: the stage sees it after this.";
                self.offer(span, CompletionKind::Variable, pair.key.text).detail(value).doc(text);
            }
        }
        for (name, text) in PLATFORM_ARGS {
            if !declared.contains(name) {
                self.offer(span, CompletionKind::Variable, name).doc(text);
            }
        }
    }

    fn label(&mut self, before: &Before<'_>, typed: &str) {
        let key = typed.trim_start_matches(['"', '\'']);
        if key.contains(['=', ' ']) {
            return;
        }
        let Some(span) = self.span(key, in_value) else { return };
        let document = self.document;
        let stage = document.inst(before.inst).and_then(|i| i.stage);
        let mut set: Vec<&str> = Vec::new();
        for inst in document.cx.instructions.iter().filter(|i| i.stage == stage) {
            if let Instruction::Label(pairs) = &inst.read {
                let names = pairs.iter().map(|p| p.key.text.trim_matches(['"', '\'']));
                set.extend(names.filter_map(|n| n.strip_prefix(docs::LABEL_PREFIX)));
            }
        }
        let equals = document.source.get(span.end as usize) == Some(&b'=');
        let typed_name = key.strip_prefix(docs::LABEL_PREFIX).unwrap_or("");
        for (name, text) in docs::LABELS.iter().filter(|(n, _)| *n == typed_name || !set.contains(n)) {
            let label = format!("{}{name}", docs::LABEL_PREFIX);
            let insert = if equals || key.len() < typed.len() { label.clone() } else { format!("{label}=") };
            self.offer(span, CompletionKind::Value, &label).doc(*text).insert(insert);
        }
    }

    fn port(&mut self, typed: &str) {
        if let Some((_, protocol)) = typed.split_once('/') {
            let Some(span) = self.span(protocol, in_name) else { return };
            for name in ["tcp", "udp", "sctp"] {
                self.offer(span, CompletionKind::Value, name);
            }
            return;
        }
        let Some(span) = self.span(typed, |b| in_word(b) && b != b'/') else { return };
        for (port, what) in docs::PORTS {
            self.offer(span, CompletionKind::Value, port).detail(what);
        }
    }

    /// Directories that the file names elsewhere.
    fn directories(&mut self, typed: &str) {
        let Some(span) = self.span(typed, in_word) else { return };
        let document = self.document;
        let mut seen: Vec<&str> = Vec::new();
        for inst in &document.cx.instructions {
            if let Instruction::Workdir(path) = &inst.read
                && !(inst.node.span.start <= self.offset && self.offset <= inst.node.span.end)
                && !path.text.is_empty()
                && seen.len() < 20
                && !seen.contains(&path.text)
            {
                seen.push(path.text);
            }
        }
        let usual = ["/app", "/src", "/srv"].into_iter().filter(|p| !seen.contains(p));
        let paths: Vec<&str> = seen.iter().copied().chain(usual).collect();
        for path in paths {
            let _: &mut Completion = self.offer(span, CompletionKind::Value, path);
        }
    }
}
