//! From node to typed instruction, with BuildKit's own strictness.

use std::borrow::Cow;

use super::instruction::*;
use super::mount::Device;
use super::parser::{heredoc, unknown_instruction};
use super::suggest;
use super::syntax::*;
use crate::order;
use crate::text::Span;

impl Node<'_> {
    /// Reads the node as an instruction.
    ///
    /// Works on any node: where BuildKit would refuse it, the error says why and the instruction is what could be read.
    pub fn read(&self) -> Reading<'_> {
        let mut reader = Reader { node: self, error: None };
        let instruction = reader.instruction();
        Reading { instruction, error: reader.error }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FlagKind {
    Bool,
    Text,
    Texts,
}
use FlagKind::{Bool, Text as One, Texts as Many};

struct Reader<'a> {
    node: &'a Node<'a>,
    error: Option<Diagnostic>,
}

/// The flags of an instruction once they are checked.
struct Flags<'a>(&'a [Flag<'a>]);

impl<'a> Flags<'a> {
    /// The last of this name; BuildKit refuses a second one before.
    fn text(&self, name: &str) -> Option<Text<'a>> {
        self.0.iter().rev().find(|f| f.name() == name && f.value().is_some()).map(Flag::value_text)
    }

    fn texts(&self, name: &str) -> Vec<Text<'a>> {
        self.0.iter().filter(|f| f.name() == name && f.value().is_some()).map(Flag::value_text).collect()
    }

    fn bool(&self, name: &str) -> Option<bool> {
        let flag = self.0.iter().rev().find(|f| f.name() == name)?;
        Some(flag.value().is_none_or(|v| v.eq_ignore_ascii_case("true")))
    }
}

impl<'a> Reader<'a> {
    fn fail(&mut self, code: &'static str, message: String, help: Option<String>, span: Span) {
        let lines = self.node.lines;
        self.error.get_or_insert(Diagnostic { code, message, help, span, lines });
    }

    fn name(&self) -> &'static str {
        self.node.kind.name()
    }

    fn args(&self) -> Vec<Text<'a>> {
        self.node.args.iter().map(Word::as_text).collect()
    }

    fn missing(&mut self, message: &str, help: &str) {
        let span = self.node.keyword.span;
        self.fail("DOCKERFILE_ARGUMENT_MISSING", format!("{} {message}", self.name()), Some(help.to_owned()), span);
    }

    /// Checks the flags against those the instruction has.
    fn flags(&mut self, known: &[(&'static str, FlagKind)]) -> Flags<'a> {
        let mut seen = 0u32;
        for flag in &self.node.flags {
            let name = flag.name();
            let index = known.iter().position(|(n, _)| *n == name && flag.text.starts_with("--"));
            let Some((index, &(_, kind))) = index.and_then(|i| Some((i, known.get(i)?))) else {
                let names = known.iter().map(|(n, _)| *n);
                let help = match suggest::nearest(name, names.clone()) {
                    Some(near) => format!("did you mean --{near}?"),
                    None if known.is_empty() => format!("{} has no flags", self.name()),
                    None => {
                        let list: Vec<String> = names.map(|n| format!("--{n}")).collect();
                        format!("{} has {}", self.name(), list.join(", "))
                    }
                };
                self.fail("DOCKERFILE_UNKNOWN_FLAG", format!("unknown flag: --{name}"), Some(help), flag.span);
                continue;
            };
            if kind != Many && seen & 1 << index != 0 {
                let help = Some("remove one of them".to_owned());
                self.fail("DOCKERFILE_DUPLICATE_FLAG", format!("the flag --{name} is given twice"), help, flag.span);
            }
            seen |= 1 << index;
            match (kind, flag.value()) {
                (Bool, Some("")) | (One | Many, None) => self.fail(
                    "DOCKERFILE_FLAG_VALUE_MISSING",
                    format!("the flag --{name} has no value"),
                    Some(format!("write --{name}={}", if kind == Bool { "true" } else { "value" })),
                    flag.span,
                ),
                (Bool, Some(v)) if !v.eq_ignore_ascii_case("true") && !v.eq_ignore_ascii_case("false") => self.fail(
                    "DOCKERFILE_FLAG_VALUE",
                    format!("the flag --{name} takes true or false, not {v}"),
                    None,
                    flag.value_span,
                ),
                _ => {}
            }
        }
        Flags(&self.node.flags)
    }

    fn instruction(&mut self) -> Instruction<'a> {
        match self.node.kind {
            Keyword::From => Instruction::From(self.from()),
            Keyword::Run => Instruction::Run(self.run()),
            Keyword::Cmd => {
                self.flags(&[]);
                Instruction::Cmd(self.command_line(0))
            }
            Keyword::Entrypoint => {
                self.flags(&[]);
                Instruction::Entrypoint(self.command_line(0))
            }
            Keyword::Copy => Instruction::Copy(self.copy()),
            Keyword::Add => Instruction::Add(self.copy()),
            Keyword::Env => Instruction::Env(self.pairs()),
            Keyword::Label => Instruction::Label(self.pairs()),
            Keyword::Arg => Instruction::Arg(self.arg()),
            Keyword::Expose => {
                self.at_least_one();
                self.flags(&[]);
                let mut ports = self.args();
                order::sort_by(&mut ports, |a, b| a.text.cmp(b.text));
                Instruction::Expose(ports)
            }
            Keyword::Volume => Instruction::Volume(self.volume()),
            Keyword::User => Instruction::User(self.single(true)),
            Keyword::Workdir => Instruction::Workdir(self.single(true)),
            Keyword::Stopsignal => Instruction::Stopsignal(self.single(false)),
            Keyword::Maintainer => Instruction::Maintainer(self.single(true)),
            Keyword::Shell => Instruction::Shell(self.shell()),
            Keyword::Healthcheck => Instruction::Healthcheck(self.healthcheck()),
            Keyword::Onbuild => self.onbuild(),
            Keyword::Unknown => {
                self.error.get_or_insert(unknown_instruction(self.node));
                Instruction::Unknown
            }
        }
    }

    fn at_least_one(&mut self) {
        if self.node.args.is_empty() {
            self.missing("requires at least one argument", "write one after it, or remove the line");
        }
    }

    fn single(&mut self, has_flags: bool) -> Text<'a> {
        if self.node.args.is_empty() {
            self.missing("requires exactly one argument", "write one after it, or remove the line");
        }
        if has_flags {
            self.flags(&[]);
        }
        self.node.args.first().map(Word::as_text).unwrap_or_default()
    }

    fn from(&mut self) -> From<'a> {
        let args = self.args();
        let mut from = From { image: args.first().copied().unwrap_or_default(), ..From::default() };
        match args.as_slice() {
            [_] => {}
            [_, keyword, name] if keyword.text.eq_ignore_ascii_case("as") => {
                from.as_keyword = Some(*keyword);
                from.name = Some(*name);
                if !valid_stage_name(&name.text.to_lowercase()) {
                    self.fail(
                        "DOCKERFILE_STAGE_NAME",
                        format!("invalid name for build stage: {:?}", name.text),
                        Some("begin with a letter and use letters, digits, `-`, `_` and `.`".to_owned()),
                        name.span,
                    );
                }
            }
            [] => self.missing("requires either one or three arguments", "write `FROM image` or `FROM image AS name`"),
            [_, rest @ ..] => {
                let span =
                    rest.first().map_or(self.node.span, |a| a.span).to(rest.last().map_or(self.node.span, |a| a.span));
                let help = match rest.first() {
                    Some(word) if word.text.starts_with('#') => "put the comment on a line of its own",
                    _ => "write `FROM image` or `FROM image AS name`",
                };
                self.fail(
                    "DOCKERFILE_FROM_ARGUMENTS",
                    "FROM requires either one or three arguments".to_owned(),
                    Some(help.to_owned()),
                    span,
                );
            }
        }
        from.platform = self.flags(&[("platform", One)]).text("platform");
        from
    }

    fn command_line(&mut self, skip: usize) -> CommandLine<'a> {
        let node = self.node;
        let args = self.args().into_iter().skip(skip).collect();
        CommandLine { args, shell: !node.json, files: &node.heredocs }
    }

    fn run(&mut self) -> Run<'a> {
        let flags = self.flags(&[("mount", Many), ("network", One), ("security", One), ("device", Many)]);
        let run = Run {
            command: self.command_line(0),
            mounts: flags.texts("mount"),
            network: flags.text("network"),
            security: flags.text("security"),
            devices: flags.texts("device"),
        };
        for mount in &run.mounts {
            if let Err((message, help)) = super::mount::check_unexpanded(mount.text) {
                self.fail("DOCKERFILE_MOUNT", message, help, mount.span);
            }
        }
        for (flag, what, allowed) in [
            (run.security, "security", &["sandbox", "insecure"][..]),
            (run.network, "network", &["default", "none", "host"][..]),
        ] {
            if let Some(value) = flag.filter(|v| !allowed.contains(&v.text)) {
                let help = suggest::nearest(value.text, allowed.iter().copied())
                    .map_or_else(|| format!("use one of {}", allowed.join(", ")), |n| format!("did you mean {n}?"));
                self.fail(
                    "DOCKERFILE_FLAG_VALUE",
                    format!("{what} mode {:?} is not allowed", value.text),
                    Some(help),
                    value.span,
                );
            }
        }
        for device in &run.devices {
            if let Err((message, help)) = Device::read(device.text) {
                self.fail("DOCKERFILE_DEVICE", message, help, device.span);
            }
        }
        run
    }

    fn copy(&mut self) -> Copy<'a> {
        let add = self.node.kind == Keyword::Add;
        let args = self.args();
        if args.len() < 2 {
            self.missing("requires at least two arguments: a source and a destination", "add the destination");
        }
        let flags = if add {
            self.flags(&[
                ("exclude", Many),
                ("chown", One),
                ("chmod", One),
                ("link", Bool),
                ("keep-git-dir", Bool),
                ("checksum", One),
                ("unpack", Bool),
            ])
        } else {
            self.flags(&[
                ("exclude", Many),
                ("parents", Bool),
                ("chown", One),
                ("from", One),
                ("chmod", One),
                ("link", Bool),
            ])
        };
        let mut copy = Copy {
            from: flags.text("from"),
            chown: flags.text("chown"),
            chmod: flags.text("chmod"),
            link: flags.bool("link").unwrap_or(false),
            parents: flags.bool("parents").unwrap_or(false),
            exclude: flags.texts("exclude"),
            checksum: flags.text("checksum"),
            keep_git_dir: flags.bool("keep-git-dir"),
            unpack: flags.bool("unpack"),
            ..Copy::default()
        };
        let Some((dest, sources)) = args.split_last() else { return copy };
        copy.dest = *dest;
        if sources.is_empty() {
            // One word only: it is more likely the source.
            copy.sources.push(*dest);
            copy.dest = Text::default();
        }
        if matches!(heredoc(dest.text), Ok(Some(_))) {
            self.fail(
                "DOCKERFILE_HEREDOC_DESTINATION",
                format!("{} cannot accept a here-document as a destination", self.name()),
                Some("write the destination after it".to_owned()),
                dest.span,
            );
        }
        for source in sources {
            let Ok(Some(word)) = heredoc(source.text) else {
                copy.sources.push(*source);
                continue;
            };
            let content = self.node.heredocs.iter().rev().find(|d| d.name == word.name);
            let text = Heredoc {
                chomp: word.chomp,
                content: content.map_or(Cow::Borrowed(""), |d| Cow::Borrowed(d.content.as_ref())),
                ..Heredoc::default()
            };
            copy.inline.push(Inline {
                word: *source,
                data: text.text().into_owned(),
                name: word.name.into_owned(),
                expand: word.expand,
            });
        }
        copy
    }

    fn pairs(&mut self) -> Vec<Pair<'a>> {
        self.flags(&[]);
        self.at_least_one();
        let mut pairs = Vec::new();
        for chunk in self.node.args.chunks(3) {
            let [key, value, sign] = chunk else { continue };
            if key.text.is_empty() {
                self.blank_name(value.span);
            }
            pairs.push(Pair { key: key.as_text(), value: Some(value.as_text()), legacy: sign.text.is_empty() });
        }
        pairs
    }

    fn blank_name(&mut self, span: Span) {
        let message = format!("{} names can not be blank", self.name());
        self.fail("DOCKERFILE_BLANK_NAME", message, Some("write a name before the `=`".to_owned()), span);
    }

    fn arg(&mut self) -> Vec<Pair<'a>> {
        self.at_least_one();
        let node = self.node;
        let mut pairs = Vec::new();
        for word in &node.args {
            let Some((key, value)) = word.text.split_once('=') else {
                pairs.push(Pair { key: word.as_text(), value: None, legacy: false });
                continue;
            };
            if key.is_empty() {
                self.blank_name(word.span);
            }
            let middle = word.logical.start + key.len() as u32;
            let text = |text, from: u32, to: u32| Text { text, span: node.source_span(from..to), logical: (from, to) };
            pairs.push(Pair {
                key: text(key, word.logical.start, middle),
                value: Some(text(value, middle + 1, word.logical.end)),
                legacy: false,
            });
        }
        pairs
    }

    fn volume(&mut self) -> Vec<Text<'a>> {
        self.at_least_one();
        self.flags(&[]);
        let mut volumes = self.args();
        for volume in &mut volumes {
            volume.text = volume.text.trim();
            if volume.text.is_empty() {
                let help = Some("write the path of the volume".to_owned());
                self.fail("DOCKERFILE_VOLUME_EMPTY", "VOLUME can not be an empty string".to_owned(), help, volume.span);
            }
        }
        volumes
    }

    fn shell(&mut self) -> Vec<Text<'a>> {
        self.flags(&[]);
        let node = self.node;
        if !node.json && !node.args.is_empty() {
            let words: Vec<String> = node.rest().split_whitespace().map(|w| format!("{w:?}")).collect();
            self.fail(
                "DOCKERFILE_SHELL_NOT_JSON",
                "SHELL requires the arguments to be in JSON form".to_owned(),
                Some(format!("write SHELL [{}]", words.join(", "))),
                node.source_span(node.rest.clone()),
            );
            return Vec::new();
        }
        self.at_least_one();
        self.args()
    }

    fn healthcheck(&mut self) -> Healthcheck<'a> {
        let node = self.node;
        let mut health = Healthcheck { flags: &node.flags, ..Healthcheck::default() };
        let Some(kind) = node.args.first() else {
            self.at_least_one();
            return health;
        };
        health.kind_word = kind.as_text();
        match kind.text.to_uppercase().as_str() {
            "NONE" => {
                health.kind = "NONE";
                if node.args.len() > 1 {
                    let span = node.source_span(node.args[1].logical.start..node.rest.end);
                    let help = Some("remove what follows NONE".to_owned());
                    self.fail("DOCKERFILE_HEALTHCHECK", "HEALTHCHECK NONE takes no arguments".to_owned(), help, span);
                }
                return health;
            }
            "CMD" => {
                health.kind = if node.json { "CMD" } else { "CMD-SHELL" };
                health.command = self.command_line(1);
                health.command.files = &[];
                if health.command.args.is_empty() {
                    let help = Some("write the command that checks the container".to_owned());
                    self.fail(
                        "DOCKERFILE_HEALTHCHECK",
                        "missing command after HEALTHCHECK CMD".to_owned(),
                        help,
                        kind.span,
                    );
                }
            }
            _ => {
                let message = format!("unknown type {:?} in HEALTHCHECK", kind.text);
                self.fail(
                    "DOCKERFILE_HEALTHCHECK",
                    message,
                    Some("write CMD before the command".to_owned()),
                    kind.span,
                );
            }
        }
        let flags = self.flags(&[
            ("interval", One),
            ("timeout", One),
            ("start-period", One),
            ("start-interval", One),
            ("retries", One),
        ]);
        health.interval = self.interval(&flags, "interval");
        health.timeout = self.interval(&flags, "timeout");
        health.start_period = self.interval(&flags, "start-period");
        health.start_interval = self.interval(&flags, "start-interval");
        if let Some(value) = flags.text("retries").filter(|v| !v.text.is_empty()) {
            match value.text.parse::<i32>() {
                Ok(retries) if retries >= 0 => health.retries = retries.into(),
                Ok(_) => {
                    let message = format!("--retries cannot be negative ({})", value.text);
                    self.fail("DOCKERFILE_HEALTHCHECK", message, Some("use 0 or more".to_owned()), value.span);
                }
                Err(_) => {
                    let message = format!("--retries is not a number: {:?}", value.text);
                    self.fail("DOCKERFILE_HEALTHCHECK", message, Some("use a whole number".to_owned()), value.span);
                }
            }
        }
        health
    }

    fn interval(&mut self, flags: &Flags<'a>, name: &str) -> i64 {
        let Some(value) = flags.text(name).filter(|v| !v.text.is_empty()) else { return 0 };
        match duration(value.text) {
            Some(d) if d == 0 || d >= 1_000_000 => d,
            Some(_) => {
                let message = format!("--{name} cannot be less than 1ms");
                self.fail("DOCKERFILE_DURATION", message, Some("use 1ms or more, or 0".to_owned()), value.span);
                0
            }
            None => {
                let message = format!("--{name} is not a duration: {:?}", value.text);
                let help = if value.text.bytes().all(|b| b.is_ascii_digit()) {
                    format!("add a unit, such as {}s", value.text)
                } else {
                    "write numbers with units h, m, s, ms, such as 1m30s".to_owned()
                };
                self.fail("DOCKERFILE_DURATION", message, Some(help), value.span);
                0
            }
        }
    }

    fn onbuild(&mut self) -> Instruction<'a> {
        let node = self.node;
        let Some(child) = &node.child else {
            self.at_least_one();
            return Instruction::Unknown;
        };
        self.flags(&[]);
        match child.kind {
            Keyword::Onbuild => self.fail(
                "DOCKERFILE_ONBUILD",
                "chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed".to_owned(),
                Some("remove one ONBUILD".to_owned()),
                child.keyword.span,
            ),
            Keyword::Maintainer | Keyword::From => self.fail(
                "DOCKERFILE_ONBUILD",
                format!("{} isn't allowed as an ONBUILD trigger", child.kind.name()),
                Some("remove the line".to_owned()),
                child.keyword.span,
            ),
            _ => {}
        }
        Instruction::Onbuild(Onbuild { expression: expression(node), child })
    }
}

/// The text BuildKit keeps of an `ONBUILD`: everything after the keyword, and the here-documents.
fn expression(node: &Node<'_>) -> String {
    let ascii_space = |c: char| matches!(c, '\t' | '\n' | '\x0c' | '\r' | ' ');
    let line = node.logical.text.as_ref();
    let inner = line.trim_start_matches(ascii_space);
    let mut text = match inner.get(..7) {
        Some(keyword) if keyword.eq_ignore_ascii_case("ONBUILD") => inner[7..].trim_start_matches(ascii_space),
        _ => line,
    }
    .to_owned();
    for doc in &node.heredocs {
        text.push('\n');
        text.push_str(&doc.content);
        text.push_str(&doc.name);
    }
    text
}

/// Whether BuildKit takes this for the name of a stage, in lower case.
pub(crate) fn valid_stage_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.'))
}

/// A duration as Go's `time.ParseDuration` reads it, in nanoseconds.
pub(crate) fn duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let whole = digits(rest);
        let mut value: u64 = if whole == 0 { 0 } else { rest[..whole].parse().ok().filter(|v| *v <= 1 << 63)? };
        rest = &rest[whole..];
        let mut fraction = "";
        if let Some(after) = rest.strip_prefix('.') {
            let count = digits(after);
            if whole + count == 0 {
                return None;
            }
            fraction = &after[..count];
            rest = &after[count..];
        } else if whole == 0 {
            return None;
        }
        let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
        let unit: u64 = match &rest[..end] {
            "ns" => 1,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        rest = &rest[end..];
        value = value.checked_mul(unit).filter(|v| *v <= 1 << 63)?;
        let mut scale = unit as f64;
        let mut part = 0.0;
        for digit in fraction.bytes().take(20) {
            scale /= 10.0;
            part += f64::from(digit - b'0') * scale;
        }
        total = total.checked_add(value)?.checked_add(part as u64).filter(|v| *v <= 1 << 63)?;
    }
    if negative {
        return Some((total as i64).wrapping_neg());
    }
    i64::try_from(total).ok()
}

/// Notes what BuildKit's instruction reader refuses, and brings the diagnostics into the order of the text.
pub(crate) fn check(file: &mut Dockerfile<'_>) {
    let mut stages = false;
    let mut orphan = false;
    let mut found = Vec::new();
    let mut fatal = None;
    for node in &file.nodes {
        let mut error = if node.error.is_some() { None } else { node.read().error };
        if error.is_none() && node.kind == Keyword::From {
            stages = true;
        }
        // A broken FROM still begins a stage for those who read on.
        stages |= node.kind == Keyword::From;
        if error.is_none() && !stages && node.kind != Keyword::Arg && !orphan {
            orphan = true;
            error = Some(Diagnostic {
                code: "DOCKERFILE_NO_STAGE",
                message: "no build stage in current context".to_owned(),
                help: Some("put FROM and an image before this; only ARG can stand before it".to_owned()),
                span: node.keyword.span,
                lines: node.lines,
            });
        }
        if let Some(error) = error {
            fatal.get_or_insert(found.len());
            found.push(error);
        }
    }
    let parse = file.parse_fatal.and_then(|i| file.diagnostics.get(i)).cloned();
    let instruction = fatal.and_then(|i| found.get(i)).cloned();
    file.diagnostics.append(&mut found);
    order::sort_by(&mut file.diagnostics, |a, b| a.span.start.cmp(&b.span.start));
    let place = |wanted: Option<Diagnostic>| wanted.and_then(|w| file.diagnostics.iter().position(|d| *d == w));
    file.parse_fatal = place(parse);
    file.instruction_fatal = place(instruction);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    /// The code and remedy of the error in the second line of a file.
    fn error(line: &str) -> Option<(&'static str, Option<String>)> {
        let text = format!("FROM a\n{line}\n");
        let file = parse(text.as_bytes());
        file.fatal().map(|d| {
            assert_eq!(d.lines.from, 2, "{line}");
            (d.code, d.help.clone())
        })
    }

    #[test]
    fn refusals_say_what_was_meant() {
        let help = |line: &str| error(line).and_then(|(_, help)| help).unwrap_or_default();
        assert_eq!(help("COYP a b"), "did you mean COPY?");
        assert_eq!(help("COPY --form=x a b"), "did you mean --from?");
        assert_eq!(help("RUN --network=hots x"), "did you mean host?");
        assert_eq!(help("HEALTHCHECK --interval=30 CMD x"), "add a unit, such as 30s");
        assert_eq!(help("SHELL /bin/bash -c"), "write SHELL [\"/bin/bash\", \"-c\"]");
        assert_eq!(help("FROM a # b"), "put the comment on a line of its own");
    }

    #[test]
    fn what_buildkit_refuses_is_refused() {
        for (line, code) in [
            ("COPY a", "DOCKERFILE_ARGUMENT_MISSING"),
            ("COPY --link=maybe a b", "DOCKERFILE_FLAG_VALUE"),
            ("COPY --from a b", "DOCKERFILE_FLAG_VALUE_MISSING"),
            ("COPY --chown=1 --chown=2 a b", "DOCKERFILE_DUPLICATE_FLAG"),
            ("COPY a <<E\nE", "DOCKERFILE_HEREDOC_DESTINATION"),
            ("ENV =a", "DOCKERFILE_BLANK_NAME"),
            ("ENV a", "DOCKERFILE_VALUE_MISSING"),
            ("ARG =", "DOCKERFILE_BLANK_NAME"),
            ("FROM x AS 1y", "DOCKERFILE_STAGE_NAME"),
            ("HEALTHCHECK NONE x", "DOCKERFILE_HEALTHCHECK"),
            ("HEALTHCHECK --retries=-1 CMD x", "DOCKERFILE_HEALTHCHECK"),
            ("HEALTHCHECK --timeout=1us CMD x", "DOCKERFILE_DURATION"),
            ("ONBUILD FROM x", "DOCKERFILE_ONBUILD"),
            ("ONBUILD ONBUILD RUN x", "DOCKERFILE_ONBUILD"),
            ("RUN --mount=from=$A x", "DOCKERFILE_MOUNT"),
            ("RUN --mount=a\\\"b x", "DOCKERFILE_MOUNT"),
            ("VOLUME [\" \"]", "DOCKERFILE_VOLUME_EMPTY"),
        ] {
            assert_eq!(error(line).map(|e| e.0), Some(code), "{line}");
        }
        for line in
            ["RUN", "CMD", "ENTRYPOINT []", "RUN --mount=type=$T x", "STOPSIGNAL --x SIGTERM", "EXPOSE nonsense"]
        {
            assert_eq!(error(line), None, "{line}");
        }
    }

    #[test]
    fn fragments_are_read_without_a_stage() {
        let file = parse(b"ENV a=b\nRUN c\n");
        assert_eq!(file.fatal().unwrap().code, "DOCKERFILE_NO_STAGE");
        assert_eq!(file.diagnostics.len(), 1);
        let Instruction::Env(pairs) = file.nodes[0].read().instruction else { panic!("not ENV") };
        assert_eq!((pairs[0].key.text, pairs[0].value.unwrap().text), ("a", "b"));
    }

    #[test]
    fn parts_have_their_places() {
        let source = "FROM --platform=p a:1 AS b\nARG x=\\\ny\n";
        let file = parse(source.as_bytes());
        let Instruction::From(from) = file.nodes[0].read().instruction else { panic!("not FROM") };
        assert_eq!(from.platform.unwrap().span.str_of(source), "p");
        assert_eq!(from.name.unwrap().span.str_of(source), "b");
        let Instruction::Arg(args) = file.nodes[1].read().instruction else { panic!("not ARG") };
        assert_eq!(args[0].value.unwrap().span.str_of(source), "y");
    }

    #[test]
    fn durations_are_read_as_go_does() {
        for (text, want) in [
            ("1m30s", Some(90_000_000_000)),
            (".5s", Some(500_000_000)),
            ("0", Some(0)),
            ("-1s", Some(-1_000_000_000)),
            ("1", None),
            ("s", None),
            ("1d", None),
            ("9999999999h", None),
        ] {
            assert_eq!(duration(text), want, "{text}");
        }
    }
}
