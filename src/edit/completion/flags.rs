//! Flags, their values, and the options of mounts.

use super::{Before, CompletionKind, Place, in_value, in_word};
use crate::dockerfile::instruction::Instruction;
use crate::dockerfile::syntax::Keyword;
use crate::edit::docs::{self, FlagDoc, Takes};

/// Splits the flags at the start of a text from what follows: `None` where the last flag is still being typed.
fn split(rest: &str) -> (Vec<&str>, Option<&str>) {
    let mut flags = Vec::new();
    let mut rest = rest.trim_start();
    loop {
        if !rest.starts_with("--") {
            return (flags, Some(rest));
        }
        let mut quote = None;
        let end = rest.char_indices().find(|&(_, c)| {
            match quote {
                Some(q) if c == q => quote = None,
                None if matches!(c, '"' | '\'') => quote = Some(c),
                _ => {}
            }
            quote.is_none() && c.is_whitespace()
        });
        let Some((end, _)) = end else {
            flags.push(rest);
            return (flags, None);
        };
        let (flag, after) = rest.split_at(end);
        flags.push(flag);
        rest = after.trim_start();
        if flag == "--" {
            return (flags, Some(rest));
        }
    }
}

/// Whether what is typed last is no flag any more.
pub(super) fn are_done(rest: &str) -> bool {
    split(rest).1.is_some_and(|r| !r.is_empty())
}

/// What follows the flags; all of it where the last one is still being typed.
pub(super) fn after_flags(rest: &str) -> &str {
    split(rest).1.unwrap_or("")
}

impl Place<'_, '_> {
    /// Offers flags and what belongs into them; `false` where none can stand here.
    pub(super) fn flags(&mut self, before: &Before<'_>) -> bool {
        let (mut flags, rest) = split(before.rest);
        let known = docs::instruction(before.kind).map_or(&[][..], |d| d.flags);
        let typed = match rest {
            None => flags.pop().unwrap_or(""),
            Some(rest @ ("" | "-")) => rest,
            Some(_) => return false,
        };
        if let Some((name, value)) = typed.strip_prefix("--").and_then(|t| t.split_once('=')) {
            if let Some(doc) = known.iter().find(|d| d.name == name) {
                self.value(before, doc, value);
            }
            return true;
        }
        if typed.is_empty() {
            // What follows the flags may begin here, and is the likelier.
            self.arguments(before);
        }
        let in_flag = |b: u8| b.is_ascii_alphabetic() || b == b'-';
        let Some(span) = self.span(typed, in_flag) else { return true };
        let (later, _) = split(before.after);
        let used = |name: &str| {
            let is = |f: &&str| f.trim_start_matches('-').split('=').next() == Some(name);
            flags.iter().any(is) || later.iter().any(is)
        };
        // An equals sign that stands there already is not written again.
        let equals = self.document.source.get(span.end as usize) == Some(&b'=');
        for doc in known.iter().filter(|d| matches!(d.takes, Takes::Many) || !used(d.name)) {
            let bare = matches!(doc.takes, Takes::Bool) || equals;
            let label =
                if matches!(doc.takes, Takes::Bool) { format!("--{}", doc.name) } else { format!("--{}=", doc.name) };
            let insert = if bare { format!("--{}", doc.name) } else { label.clone() };
            self.offer(span, CompletionKind::Flag, &label).doc(doc.text).insert(insert);
        }
        true
    }

    fn value(&mut self, before: &Before<'_>, doc: &FlagDoc, value: &str) {
        let value = value.trim_start_matches(['"', '\'']);
        if doc.name == "mount" {
            return self.mount(before, value);
        }
        match doc.takes {
            Takes::Stage => self.stages(before, value),
            Takes::Bool => self.values(value, &["true", "false"]),
            Takes::One(list) => self.values(value, list),
            Takes::Many => {}
        }
        match doc.name {
            "chown" => self.users(value),
            "checksum" => self.values(value, &["sha256:"]),
            "platform" => {
                let Some(span) = self.span(value, in_word) else { return };
                for (name, text) in [
                    ("$BUILDPLATFORM", "the machine that builds"),
                    ("$TARGETPLATFORM", "what is built for, the default"),
                ] {
                    self.offer(span, CompletionKind::Variable, name).detail(text);
                }
            }
            _ => {}
        }
    }

    fn values(&mut self, typed: &str, list: &[&str]) {
        let more = |b: u8| in_word(b) && !matches!(b, b',' | b'"' | b'\'');
        let Some(span) = self.span(typed, more) else { return };
        for value in list {
            self.offer(span, CompletionKind::Value, value);
        }
    }

    /// The stages that can be copied from here: those before this one.
    pub(super) fn stages(&mut self, before: &Before<'_>, typed: &str) {
        let Some(span) = self.span(typed, in_value) else { return };
        let document = self.document;
        let here = document.inst(before.inst).and_then(|i| i.stage);
        let from = before.kind == Keyword::From;
        // Nearest first: it is the likeliest. Its own stage is not there yet.
        let count = here.unwrap_or(if from { document.cx.stages.len() } else { 0 });
        for (index, stage) in document.cx.stages.iter().enumerate().take(count).rev() {
            let number = index.to_string();
            let label = match stage.name {
                Some(name) => name,
                None if before.kind == Keyword::Copy => &number,
                None => continue,
            };
            let doc = crate::edit::describe::stage(document, index);
            self.offer(span, CompletionKind::Stage, label).detail(stage.image).doc(doc);
        }
    }

    /// Users that the file names, and those that every image has.
    pub(super) fn users(&mut self, typed: &str) {
        let more = |b: u8| in_value(b) || b == b':';
        let Some(span) = self.span(typed, more) else { return };
        let mut seen: Vec<&str> = Vec::new();
        let document = self.document;
        for inst in document
            .cx
            .instructions
            .iter()
            .filter(|i| !(i.node.span.start <= self.offset && self.offset <= i.node.span.end))
        {
            let user = match &inst.read {
                Instruction::User(user) => Some(*user),
                Instruction::Copy(copy) | Instruction::Add(copy) => copy.chown,
                _ => None,
            };
            let plain = |u: &&str| !u.is_empty() && !u.contains(['$', '"', '\'', ' ']);
            if let Some(user) = user.map(|u| u.text).filter(plain)
                && seen.len() < 20
                && !seen.contains(&user)
            {
                seen.push(user);
            }
        }
        for user in seen.iter().chain(["root", "nobody"].iter().filter(|u| !seen.contains(u))) {
            self.offer(span, CompletionKind::Value, user);
        }
    }

    /// The options of a mount and their values.
    fn mount(&mut self, before: &Before<'_>, text: &str) {
        let rest = before.after.split(char::is_whitespace).next().unwrap_or("");
        let mut fields: Vec<&str> = text.split(',').map(|f| f.trim_matches(['"', '\''])).collect();
        let typed = fields.pop().unwrap_or("");
        // The rest of the field at the place is the first one.
        let later: Vec<&str> = rest.split(',').skip(1).collect();
        let option = |f: &&str| f.split('=').next().and_then(docs::mount_option).map(|o| o.name);
        let used: Vec<&str> = fields.iter().chain(&later).filter_map(option).collect();
        let kind = fields.iter().chain(&later).find_map(|f| f.strip_prefix("type=")).unwrap_or("bind");
        let more = |b: u8| in_word(b) && !matches!(b, b',' | b'"' | b'\'' | b'=');
        let Some((key, value)) = typed.split_once('=') else {
            let Some(span) = self.span(typed, more) else { return };
            if !used.contains(&"type") {
                for (name, text) in docs::MOUNT_TYPES {
                    self.offer(span, CompletionKind::Flag, &format!("type={name}")).doc(text);
                }
            }
            let equals = self.document.source.get(span.end as usize) == Some(&b'=');
            for doc in docs::MOUNT_OPTIONS.iter().skip(1).filter(|d| d.types.contains(&kind) && !used.contains(&d.name))
            {
                let bare = matches!(doc.takes, Takes::Bool);
                let label = if bare { doc.name.to_owned() } else { format!("{}=", doc.name) };
                let insert = if equals { doc.name.to_owned() } else { label.clone() };
                self.offer(span, CompletionKind::Flag, &label).doc(doc.text).insert(insert);
            }
            return;
        };
        let Some(doc) = docs::mount_option(key) else { return };
        match (doc.name, doc.takes) {
            ("type", _) => {
                let Some(span) = self.span(value, in_value) else { return };
                for (name, text) in docs::MOUNT_TYPES {
                    self.offer(span, CompletionKind::Value, name).doc(text);
                }
            }
            ("target", _) => {
                let Some(span) = self.span(value, more) else { return };
                match kind {
                    "cache" => {
                        for (path, what) in docs::CACHES {
                            self.offer(span, CompletionKind::Value, path).detail(what);
                        }
                    }
                    "secret" => {
                        self.offer(span, CompletionKind::Value, "/run/secrets/").detail("where secrets are by default");
                    }
                    "tmpfs" => {
                        self.offer(span, CompletionKind::Value, "/tmp");
                    }
                    _ => {}
                }
            }
            (_, Takes::Stage) => self.stages(before, value),
            (_, Takes::Bool) => self.values(value, &["true", "false"]),
            (_, Takes::One(list)) => self.values(value, list),
            (_, Takes::Many) => {}
        }
    }
}
