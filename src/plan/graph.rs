//! From a parsed file to a plan, along the lines of BuildKit's `toDispatchState`.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::image::{Healthcheck, History, Image};
use super::platform::Platform;
use super::step::{Action, Copy, Run, Source, Step};
use super::{Base, Options, Plan, Stage, check, go, path, reference};
use crate::dockerfile::check::CheckOptions;
use crate::dockerfile::expand::{ExpandError, Expander};
use crate::dockerfile::instruction::{self, CommandLine, Instruction};
use crate::dockerfile::mount::{Mount, MountKind};
use crate::dockerfile::syntax::{Diagnostic, Dockerfile, Heredoc, Keyword, Lines, Node, Text};
use crate::dockerfile::{heredoc_word, parse};
use crate::text::Span;

type Vars = BTreeMap<String, String>;

/// Why a step or stage stops the build.
struct Stop {
    code: &'static str,
    message: String,
    help: Option<String>,
    span: Span,
    lines: Lines,
}

impl Stop {
    fn diagnostic(self) -> Diagnostic {
        Diagnostic { code: self.code, message: self.message, help: self.help, span: self.span, lines: self.lines }
    }
}

/// An instruction on its way to a step.
#[derive(Clone)]
struct Command<'a> {
    node: Cow<'a, Node<'a>>,
    /// Its number in the file; `None` for triggers of the base.
    index: Option<usize>,
    /// The stages it reads: one for `COPY --from`, one a mount for `RUN`.
    sources: Vec<usize>,
    span: Span,
    lines: Lines,
}

#[derive(Default)]
struct State<'a> {
    stage: Stage,
    base_name: String,
    base: Option<usize>,
    commands: Vec<Command<'a>>,
    /// Stages read from, each with the lines of a command that does.
    deps: BTreeMap<usize, Lines>,
    vars: Arc<Vars>,
    /// Declared `ARG`s in order.
    args: Vec<(String, String)>,
    dispatched: bool,
    resolved: bool,
    triggers_done: bool,
    cmd_set: bool,
    /// Where each variable of the image is in its list.
    env_places: BTreeMap<String, usize>,
    /// Bytes of `vars`.
    vars_size: usize,
    /// Bytes that a copy of the image and its variables takes, nearly.
    size: usize,
    context_paths: BTreeSet<String>,
}

struct Planner<'a> {
    options: &'a Options,
    shlex: Expander,
    target_platform: Platform,
    global: Vars,
    states: Vec<State<'a>>,
    names: BTreeMap<String, usize>,
    problems: Vec<Diagnostic>,
    /// Bytes that may still be copied: a stage copies its base, and a `RUN` after an `ENV` all variables.
    budget: Cell<usize>,
}

/// Bytes that stages and steps may copy in all.
const MAX_COPIED: usize = 128 << 20;
/// Rounds in which triggers may bring in stages with triggers.
const MAX_ROUNDS: usize = 1000;
/// Commands that one stage may have, triggers of its bases included.
const MAX_COMMANDS: usize = 1_000_000;
/// Bytes of variables that a stage may hold: `ENV` lines that refer to each other could double without end.
const MAX_VARIABLES: usize = 32 << 20;

/// Plans the build of a file. See the [module](super).
///
/// A plan is always given. Where BuildKit would refuse the file or the build, [`Plan::error`] says why, and the plan
/// is what is known without that.
///
/// ```
/// let file = layerwright::dockerfile::parse(b"FROM alpine AS a\nRUN x\nFROM scratch\nCOPY --from=a /x /\n");
/// let plan = layerwright::plan::plan(&file, &Default::default());
/// assert!(plan.error.is_none());
/// assert_eq!(plan.stages[1].deps, [0]);
/// assert_eq!(plan.image.history[0].created_by, "COPY /x / # buildkit");
/// ```
pub fn plan(file: &Dockerfile, options: &Options) -> Plan {
    let build_platform = options.build_platform.clone().unwrap_or_else(|| Platform::linux("amd64"));
    let target_platform = options.platform.clone().unwrap_or_else(|| build_platform.clone());
    let mut planner = Planner {
        options,
        shlex: Expander { escape: file.escape, ..Expander::default() },
        target_platform,
        global: Vars::new(),
        states: Vec::new(),
        names: BTreeMap::new(),
        problems: Vec::new(),
        budget: Cell::new(MAX_COPIED),
    };
    if let Some(fatal) = file.fatal() {
        planner.problems.push(fatal.clone());
    }
    planner.check_options(file);
    planner.globals(file, &build_platform);
    planner.stages(file);
    let target = planner.target();
    planner.connect();
    planner.epoch(file);
    let reachable = planner.resolve(target);
    for index in 0..planner.states.len() {
        if reachable.contains(&index) && !planner.states[index].dispatched {
            planner.dispatch(index);
        }
    }
    planner.finish(target, &reachable)
}

/// The lines and span of a node.
fn place(node: &Node) -> (Span, Lines) {
    (node.span, node.lines)
}

fn expand_stop(error: &ExpandError, (span, lines): (Span, Lines)) -> Stop {
    Stop { code: error.code(), message: error.to_string(), help: None, span, lines }
}

impl<'a> Planner<'a> {
    /// Takes bytes from what may be copied; an error where that is used up.
    fn spend(&self, bytes: usize, (span, lines): (Span, Lines)) -> Result<(), Stop> {
        match self.budget.get().checked_sub(bytes) {
            Some(left) => {
                self.budget.set(left);
                Ok(())
            }
            None => Err(Stop {
                code: "PLAN_TOO_LARGE",
                message: format!("the plan takes more than {MAX_COPIED} bytes"),
                help: Some("use fewer stages, variables or steps".to_owned()),
                span,
                lines,
            }),
        }
    }

    fn stop(&mut self, stop: Stop) {
        self.problems.push(stop.diagnostic());
    }

    /// The options in `# check=`, or in what takes its place, have to be ones BuildKit knows.
    fn check_options(&mut self, file: &Dockerfile) {
        let directive = file.directive("check");
        let read = match self.options.check() {
            Some(given) => CheckOptions::parse(given),
            None => directive.map_or(Ok(CheckOptions::default()), |d| CheckOptions::of_comment(&d.value)),
        };
        let Err(error) = read else { return };
        let at = directive.filter(|_| self.options.check().is_none());
        self.stop(Stop {
            code: "PLAN_CHECK_OPTION",
            message: error.to_string(),
            help: Some("use skip=Rule,Rule, experimental=Rule and error=true, parted by ;".to_owned()),
            span: at.map(|d| d.value_span).unwrap_or_default(),
            lines: at.map(|d| Lines { from: d.line, to: d.line }).unwrap_or_default(),
        });
    }

    /// Platform variables, then the `ARG`s before the first `FROM`.
    fn globals(&mut self, file: &Dockerfile, build: &Platform) {
        let target = self.target_platform.clone();
        let last = file.nodes.iter().rev().find_map(|n| match n.read().instruction {
            Instruction::From(f) => Some(f.name.map(|n| n.text.to_lowercase())),
            _ => None,
        });
        let stage = self.options.target.clone().filter(|t| !t.is_empty()).or(last.flatten());
        for (name, value) in [
            ("BUILDPLATFORM", build.full()),
            ("BUILDOS", build.os.clone()),
            ("BUILDOSVERSION", build.os_version.clone()),
            ("BUILDARCH", build.architecture.clone()),
            ("BUILDVARIANT", build.variant.clone()),
            ("TARGETPLATFORM", target.full()),
            ("TARGETOS", target.os),
            ("TARGETOSVERSION", target.os_version),
            ("TARGETARCH", target.architecture),
            ("TARGETVARIANT", target.variant),
            ("TARGETSTAGE", stage.unwrap_or_else(|| "default".to_owned())),
        ] {
            let value = self.options.build_args.get(name).cloned().unwrap_or(value);
            self.global.insert(name.to_owned(), value);
        }
        for node in file.nodes.iter().take_while(|n| n.kind != Keyword::From) {
            let Instruction::Arg(pairs) = node.read().instruction else { continue };
            for pair in pairs {
                let value = match (self.options.build_args.get(pair.key.text), pair.value) {
                    (Some(given), _) => Some(given.clone()),
                    (None, None) => None,
                    (None, Some(default)) => match self.shlex.expand(default.text, &self.global) {
                        Ok(e) => Some(e.word),
                        Err(error) => {
                            self.stop(expand_stop(&error, place(node)));
                            None
                        }
                    },
                };
                if let Some(value) = value {
                    self.global.insert(pair.key.text.to_owned(), value);
                }
            }
        }
    }

    fn stages(&mut self, file: &'a Dockerfile) {
        for (index, node) in file.nodes.iter().enumerate() {
            if node.kind == Keyword::From {
                self.stage(index, node);
                continue;
            }
            let broken = node.error.is_some() || node.read().error.is_some();
            if let (false, Some(state)) = (broken, self.states.last_mut()) {
                let (span, lines) = place(node);
                let node = Cow::Borrowed(node);
                state.commands.push(Command { node, index: Some(index), sources: Vec::new(), span, lines });
            }
        }
        if self.states.is_empty() && self.problems.is_empty() {
            let end = file.items.last().map_or(0, |i| i.span.end);
            self.stop(Stop {
                code: "PLAN_NO_STAGE",
                message: "the file contains no stage to build".to_owned(),
                help: Some("add FROM and an image".to_owned()),
                span: Span { start: end, end },
                lines: Lines { from: file.line_count, to: file.line_count },
            });
        }
    }

    fn stage(&mut self, index: usize, node: &Node) {
        let Instruction::From(from) = node.read().instruction else { return };
        let (span, lines) = place(node);
        let at = (span, lines);
        let mut state = State { vars: Arc::default(), ..State::default() };
        state.stage.node = Some(index);
        state.stage.span = span;
        state.stage.lines = lines;
        state.stage.name = from.name.map(|n| n.text.to_lowercase());
        match self.shlex.expand(from.image.text, &self.global) {
            Ok(e) if e.word.is_empty() && !from.image.text.is_empty() => {
                let unset: Vec<&str> = e.unmatched.iter().map(String::as_str).collect();
                let help = if unset.is_empty() {
                    "give the variable a value with ARG before the first FROM".to_owned()
                } else {
                    format!("declare {} with ARG and a default before the first FROM", unset.join(", "))
                };
                self.stop(Stop {
                    code: "PLAN_BASE_BLANK",
                    message: format!("base name ({}) should not be blank", from.image.text),
                    help: Some(help),
                    span: from.image.span,
                    lines,
                });
            }
            Ok(e) => state.base_name = e.word,
            Err(error) => self.stop(expand_stop(&error, at)),
        }
        if let Some(written) = from.platform.filter(|p| !p.text.is_empty()) {
            let wrong = |message: String| Stop {
                code: "PLAN_PLATFORM",
                message,
                help: Some("write os/architecture, such as linux/arm64".to_owned()),
                span: written.span,
                lines,
            };
            match self.shlex.expand(written.text, &self.global) {
                Ok(e) if e.word.is_empty() => {
                    self.stop(wrong(format!("empty platform value from expression {}", written.text)));
                }
                Ok(e) => match Platform::parse(&e.word, &Platform::linux("amd64")) {
                    Ok(platform) => state.stage.platform = Some(platform),
                    Err(error) => self.stop(wrong(format!("failed to parse platform: {error}"))),
                },
                Err(error) => self.stop(expand_stop(&error, at)),
            }
        }
        let context = state.stage.name.as_ref().and_then(|n| self.options.contexts.get_key_value(n));
        if let Some((name, image)) = context {
            state.dispatched = true;
            state.stage.base = Base::Context(name.clone());
            let platform = state.stage.platform.clone().unwrap_or_else(|| self.target_platform.clone());
            let known = self.options.platform_config(name, &platform);
            state.stage.base_known = known.is_some() || image.known();
            let image = known.or(image.config());
            state.stage.image = image.cloned().unwrap_or_else(|| Image::empty(&platform));
            state.stage.platform = Some(platform);
        }
        self.add(state);
    }

    fn add(&mut self, mut state: State<'a>) {
        if !matches!(state.stage.base, Base::Context(_)) {
            state.base = self.names.get(&state.base_name).copied();
        }
        if let Some(base) = state.base {
            state.stage.base = Base::Stage(base);
        }
        if let Some(name) = state.stage.name.clone().filter(|n| !n.is_empty()) {
            self.names.insert(name, self.states.len());
        }
        self.states.push(state);
    }

    fn target(&mut self) -> usize {
        let last = self.states.len().saturating_sub(1);
        let Some(wanted) = self.options.target.as_deref().filter(|t| !t.is_empty()) else { return last };
        if let Some(&index) = self.names.get(&wanted.to_lowercase()) {
            return index;
        }
        let names: Vec<String> = self.names.keys().cloned().collect();
        let help = match crate::dockerfile::nearest(wanted, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean {near}?"),
            None if names.is_empty() => "no stage has a name: write FROM image AS name".to_owned(),
            None => format!("stages are {}", names.join(", ")),
        };
        self.stop(Stop {
            code: "PLAN_TARGET_NOT_FOUND",
            message: format!("target stage {wanted:?} could not be found"),
            help: Some(help),
            span: Span::default(),
            lines: Lines::default(),
        });
        last
    }

    /// Finds the stages each command reads from, and adds those that are no stage of the file.
    fn connect(&mut self) {
        for index in 0..self.states.len() {
            for at in 0..self.states[index].commands.len() {
                let Some(mut command) = self.states[index].commands.get(at).cloned() else { continue };
                self.sources(index, &mut command);
                self.states[index].commands[at] = command;
            }
        }
        self.circles();
    }

    fn sources(&mut self, state: usize, command: &mut Command<'a>) {
        let node = command.node.clone();
        let mut wanted: Vec<String> = Vec::new();
        match &node.read().instruction {
            Instruction::Copy(copy) => {
                wanted.extend(copy.from.filter(|f| !f.text.is_empty()).map(|f| f.text.to_owned()))
            }
            Instruction::Run(run) => {
                // Every mount without `from` stands on a scratch of its own, whatever its type turns out to be.
                wanted.extend(run.mounts.iter().map(|m| mount_from(m.text).unwrap_or_else(|| "scratch".to_owned())));
            }
            _ => return,
        }
        let numbers = node.kind == Keyword::Copy;
        for name in wanted {
            let number = if numbers { name.parse::<i64>().ok() } else { None };
            let found = match number {
                Some(number) => {
                    let found = usize::try_from(number).ok().filter(|&n| n < self.states.len());
                    if found.is_none() {
                        let (message, lines) = (format!("invalid stage index {number}"), command.lines);
                        let help = Some(format!("stages are numbered from 0 to {}", self.states.len() - 1));
                        self.stop(Stop { code: "PLAN_STAGE_INDEX", message, help, span: command.span, lines });
                    }
                    found
                }
                None => self.names.get(&name.to_lowercase()).copied().or_else(|| {
                    let mut implicit = State { base_name: name, ..State::default() };
                    implicit.stage.implicit = true;
                    implicit.stage.span = command.span;
                    implicit.stage.lines = command.lines;
                    self.add(implicit);
                    Some(self.states.len() - 1)
                }),
            };
            if let Some(found) = found {
                command.sources.push(found);
                if let Some(state) = self.states.get_mut(state) {
                    state.deps.insert(found, command.lines);
                }
            }
        }
    }

    /// Refuses stages that read from each other.
    fn circles(&mut self) {
        // 0: not seen, 1: on the path, 2: done.
        let mut seen = vec![0u8; self.states.len()];
        let mut found = None;
        'all: for start in 0..self.states.len() {
            let mut path: Vec<(usize, Vec<usize>)> = Vec::new();
            if seen[start] == 0 {
                seen[start] = 1;
                path.push((start, self.states[start].deps.keys().copied().collect()));
            }
            while let Some((state, todo)) = path.last_mut() {
                let state = *state;
                let Some(next) = todo.pop() else {
                    seen[state] = 2;
                    path.pop();
                    continue;
                };
                match seen.get(next) {
                    Some(0) => {
                        seen[next] = 1;
                        path.push((next, self.states[next].deps.keys().copied().collect()));
                    }
                    Some(1) => {
                        found = Some((state, next));
                        break 'all;
                    }
                    _ => {}
                }
            }
        }
        let Some((state, next)) = found else { return };
        let Some(from) = self.states.get(state) else { return };
        let lines = from.deps.get(&next).copied().unwrap_or(from.stage.lines);
        let name = from.stage.name.clone().unwrap_or_else(|| state.to_string());
        let span = from.commands.iter().find(|c| c.lines == lines).map_or(from.stage.span, |c| c.span);
        self.stop(Stop {
            code: "PLAN_CIRCULAR",
            message: format!("circular dependency detected on stage: {name}"),
            help: Some("a stage can read only from stages that do not need it".to_owned()),
            span,
            lines,
        });
    }

    /// `SOURCE_DATE_EPOCH` has to be a number of seconds.
    fn epoch(&mut self, file: &Dockerfile) {
        const NAME: &str = "SOURCE_DATE_EPOCH";
        let given = self.options.build_args.get(NAME);
        let Some(value) = given.or_else(|| self.global.get(NAME)).filter(|v| !v.is_empty()).cloned() else { return };
        if value.parse::<i64>().is_ok() {
            return;
        }
        let stage = self.names.get(&value.to_lowercase()).and_then(|&i| self.states.get(i));
        let declared = file.nodes.iter().find(|n| n.kind == Keyword::Arg && n.rest().starts_with(NAME));
        let (span, lines) = match (stage, declared) {
            (Some(stage), _) => (stage.stage.span, stage.stage.lines),
            (None, Some(node)) => place(node),
            (None, None) => Default::default(),
        };
        self.stop(Stop {
            code: "PLAN_SOURCE_DATE_EPOCH",
            message: format!("invalid {NAME}: {value:?}"),
            help: Some("give the seconds since 1970, such as 1700000000".to_owned()),
            span,
            lines,
        });
    }

    fn reachable(&self, target: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut todo = vec![target];
        while let Some(index) = todo.pop() {
            let Some(state) = self.states.get(index) else { continue };
            if found.insert(index) {
                todo.extend(state.base);
                todo.extend(state.deps.keys());
            }
        }
        found
    }

    /// Finds the bases of all stages, and puts the triggers of bases in front of what stands on them.
    fn resolve(&mut self, target: usize) -> BTreeSet<usize> {
        for _ in 0..MAX_ROUNDS {
            let reachable = self.reachable(target);
            for index in 0..self.states.len() {
                self.resolve_base(index, reachable.contains(&index));
            }
            let mut more = false;
            for &index in &reachable {
                more |= self.triggers(index);
            }
            if !more {
                return reachable;
            }
        }
        self.stop(Stop {
            code: "PLAN_TOO_LARGE",
            message: format!("ONBUILD triggers bring in stages more than {MAX_ROUNDS} times in a row"),
            help: Some("copy from stages in the stages themselves".to_owned()),
            span: Span::default(),
            lines: Lines::default(),
        });
        self.reachable(target)
    }

    fn resolve_base(&mut self, index: usize, reachable: bool) {
        let Some(state) = self.states.get_mut(index) else { return };
        if state.base.is_some() || state.dispatched || state.resolved {
            return;
        }
        state.resolved = reachable;
        let platform = state.stage.platform.clone().unwrap_or_else(|| self.target_platform.clone());
        if state.base_name == "scratch" {
            state.stage.base = Base::Scratch;
            state.stage.base_known = true;
            state.stage.image = Image::empty(&self.target_platform);
            state.stage.image.config.working_dir = "/".to_owned();
            state.stage.platform = Some(self.target_platform.clone());
            state.dispatched |= state.stage.implicit;
            return;
        }
        state.dispatched |= state.stage.implicit;
        let full = match reference::normalize(&state.base_name) {
            Ok(full) => full,
            Err(error) => {
                // Named once is enough: unreached stages come here again.
                state.resolved = true;
                let blank = state.base_name.is_empty() && !self.problems.is_empty();
                let (span, lines) = (state.stage.span, state.stage.lines);
                state.stage.platform = Some(platform);
                if !blank {
                    self.stop(Stop { code: error.code(), message: error.to_string(), help: None, span, lines });
                }
                return;
            }
        };
        let short = reference::familiar(&full);
        let short = short.strip_suffix(":latest").unwrap_or(short);
        let context = self.options.contexts.get_key_value(&full).or_else(|| self.options.contexts.get_key_value(short));
        let known = self.options.platform_config(&full, &platform).or_else(|| self.options.base_configs.get(&full));
        state.stage.base = Base::Image(full);
        if let Some((name, image)) = context {
            state.stage.base = Base::Context(name.clone());
            let known = self.options.platform_config(name, &platform);
            state.stage.base_known = known.is_some() || image.known();
            let image = known.or(image.config());
            state.stage.image = image.cloned().unwrap_or_else(|| Image::empty(&self.target_platform));
        } else if reachable {
            state.stage.base_known = known.is_some();
            state.stage.image = known.cloned().unwrap_or_else(|| Image::empty(&platform.normalized()));
            state.stage.image.created = None;
            let image = &state.stage.image;
            let build = self.options.build_platform.clone().unwrap_or_else(|| Platform::linux("amd64"));
            let fits = |p: &Platform| p.os == image.os && p.architecture == image.architecture;
            if state.stage.platform.is_none() && self.options.platform.is_none() && !fits(&platform) && fits(&build) {
                state.stage.platform = Some(build);
            }
        }
        state.stage.platform.get_or_insert(platform);
    }

    /// Whether there were triggers that read from stages, so that reachability has to be looked at again.
    fn triggers(&mut self, index: usize) -> bool {
        let Some(state) = self.states.get_mut(index) else { return false };
        let mut triggers = std::mem::take(&mut state.stage.image.config.on_build);
        let at = (state.stage.span, state.stage.lines);
        if let (Some(base), false) = (state.base, state.triggers_done) {
            state.triggers_done = true;
            let base = self.states.get(base).into_iter().flat_map(|b| &b.commands);
            triggers.extend(base.filter_map(|c| match c.node.read().instruction {
                Instruction::Onbuild(o) => Some(o.expression),
                _ => None,
            }));
        }
        let mut more = false;
        let mut commands = Vec::new();
        for trigger in triggers {
            let file = parse(trigger.as_bytes());
            let problem = match file.nodes.as_slice() {
                [node] => file.parse_error().cloned().or_else(|| node.read().error),
                _ => file.parse_error().cloned().or(Some(Diagnostic {
                    code: "PLAN_ONBUILD",
                    message: "an ONBUILD trigger should be a single instruction".to_owned(),
                    help: None,
                    span: at.0,
                    lines: at.1,
                })),
            };
            if let Some(problem) = problem {
                let message = format!("in the ONBUILD {trigger:?} of the base: {}", problem.message);
                self.stop(Stop { code: problem.code, message, help: problem.help, span: at.0, lines: at.1 });
                continue;
            }
            let Some(node) = file.nodes.into_iter().next().filter(|n| n.kind != Keyword::From) else { continue };
            let node = node.into_owned();
            let mut command =
                Command { node: Cow::Owned(node), index: None, sources: Vec::new(), span: at.0, lines: at.1 };
            self.sources(index, &mut command);
            more |= !command.sources.is_empty();
            commands.push(command);
        }
        if let Some(state) = self.states.get_mut(index)
            && state.commands.len() + commands.len() <= MAX_COMMANDS
        {
            commands.append(&mut state.commands);
            state.commands = commands;
        }
        more
    }

    fn dispatch(&mut self, index: usize) {
        let Some(mut state) = self.states.get_mut(index).map(std::mem::take) else { return };
        state.dispatched = true;
        if let Some(base) = state.base.and_then(|b| self.states.get(b)) {
            if let Err(stop) = self.spend(base.size, (state.stage.span, state.stage.lines)) {
                self.stop(stop);
                if let Some(place) = self.states.get_mut(index) {
                    *place = state;
                }
                return;
            }
            state.size = base.size;
            state.stage.platform.clone_from(&base.stage.platform);
            state.stage.base_known = base.stage.base_known;
            state.stage.image = base.stage.image.clone();
            // The triggers have become commands of this stage.
            state.stage.image.config.on_build.clear();
            state.vars = base.vars.clone();
            state.args.extend(base.args.iter().cloned());
        }
        let platform = state.stage.platform.get_or_insert_with(|| self.target_platform.clone()).clone();
        let windows = platform.os == "windows";
        let config = &mut state.stage.image.config;
        if !windows && !config.env.iter().any(|e| e.split('=').next() == Some("PATH")) {
            config.env.push("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned());
        }
        let vars = Arc::make_mut(&mut state.vars);
        for (place, entry) in config.env.iter().enumerate() {
            let (key, value) = entry.split_once('=').unwrap_or((entry, ""));
            state.env_places.entry(key.to_owned()).or_insert(place);
            vars.insert(key.to_owned(), value.to_owned());
        }
        state.vars_size = vars.iter().map(|(k, v)| k.len() + v.len()).sum();
        if !config.working_dir.is_empty()
            && let Ok(directory) = path::normalize("", &config.working_dir, windows, false)
        {
            config.working_dir = native(&directory, windows);
        }
        let commands = std::mem::take(&mut state.commands);
        for command in &commands {
            let mut dispatch = Dispatch { planner: self, state: &mut state, command, windows };
            if let Err(stop) = dispatch.step() {
                self.stop(stop);
                break;
            }
        }
        state.commands = commands;
        state.stage.context_paths = state.context_paths.iter().cloned().collect();
        if let Some(place) = self.states.get_mut(index) {
            *place = state;
        }
    }

    fn finish(mut self, target: usize, reachable: &BTreeSet<usize>) -> Plan {
        for (index, state) in self.states.iter_mut().enumerate() {
            state.stage.reachable = reachable.contains(&index);
            state.stage.deps = state.deps.keys().copied().collect();
        }
        let mut image = self.states.get(target).map(|s| s.stage.image.clone()).unwrap_or_default();
        image.config.labels.extend(self.options.labels.clone());
        if self.options.platform.is_some() {
            image.os.clone_from(&self.target_platform.os);
            image.os_version.clone_from(&self.target_platform.os_version);
            image.architecture.clone_from(&self.target_platform.architecture);
            image.variant.clone_from(&self.target_platform.variant);
        }
        let mut context_paths = BTreeSet::new();
        context_paths.extend(self.states.iter().flat_map(|s| s.context_paths.iter().cloned()));
        let mut stages: Vec<Stage> = self.states.into_iter().map(|s| s.stage).collect();
        if let Some(stage) = stages.get_mut(target) {
            stage.image = image.clone();
        }
        Plan {
            stages,
            target,
            image,
            context_paths: context_paths.into_iter().collect(),
            error: self.problems.first().cloned(),
            diagnostics: self.problems,
        }
    }
}

/// The stage or image a mount names, before expansion.
fn mount_from(text: &str) -> Option<String> {
    let fields = crate::dockerfile::mount::fields(text).ok()?;
    let from = fields.iter().rev().find_map(|f| {
        let (key, value) = f.split_once('=')?;
        key.eq_ignore_ascii_case("from").then_some(value)
    });
    from.filter(|f| !f.is_empty()).map(str::to_owned)
}

/// Windows keeps its own separators in the configuration.
fn native(path: &str, windows: bool) -> String {
    if windows { path.replace('/', "\\") } else { path.to_owned() }
}

/// One command on its way to becoming a step of a stage.
struct Dispatch<'p, 'a, 's> {
    planner: &'p Planner<'a>,
    state: &'s mut State<'a>,
    command: &'s Command<'a>,
    windows: bool,
}

/// What became of a command: the step's action, its history entry and whether that stands for a layer.
type Done = (Action, Option<String>, bool);

impl Dispatch<'_, '_, '_> {
    fn fail(&self, code: &'static str, message: String, help: Option<String>) -> Stop {
        Stop { code, message, help, span: self.command.span, lines: self.command.lines }
    }

    fn refuse(&self, code: &'static str, (message, help): check::Refusal) -> Stop {
        self.fail(code, message, help)
    }

    fn expand(&self, text: &str) -> Result<String, Stop> {
        self.planner
            .shlex
            .expand(text, &*self.state.vars)
            .map(|e| e.word)
            .map_err(|e| expand_stop(&e, (self.command.span, self.command.lines)))
    }

    fn expand_text(&self, text: Option<Text<'_>>) -> Result<Option<String>, Stop> {
        let text = text.filter(|t| !t.text.is_empty());
        text.map(|t| self.expand(t.text)).transpose()
    }

    fn expand_all(&self, texts: &[Text<'_>]) -> Result<Vec<String>, Stop> {
        texts.iter().map(|t| self.expand(t.text)).collect()
    }

    /// Sets a variable for what follows.
    fn set(&mut self, key: String, value: String) -> Result<(), Stop> {
        if Arc::strong_count(&self.state.vars) > 1 {
            // A RUN holds on to the variables it has: this makes a copy.
            let bytes = self.state.vars_size + 64 * self.state.vars.len();
            self.planner.spend(bytes, (self.command.span, self.command.lines))?;
        }
        let state = &mut *self.state;
        let added = key.len() + value.len();
        let old = Arc::make_mut(&mut state.vars).insert(key, value);
        state.vars_size = state.vars_size + added - old.map_or(0, |o| o.len().min(state.vars_size));
        state.size += added;
        if state.vars_size > MAX_VARIABLES {
            return Err(self.fail(
                "PLAN_VARIABLES_TOO_LARGE",
                format!("the variables hold more than {MAX_VARIABLES} bytes"),
                Some("do not build long values out of each other".to_owned()),
            ));
        }
        Ok(())
    }

    fn step(&mut self) -> Result<(), Stop> {
        let command = self.command;
        let reading = command.node.read();
        let (action, created_by, layer) = match &reading.instruction {
            Instruction::From(_) | Instruction::Unknown => return Ok(()),
            Instruction::Maintainer(author) => {
                self.state.stage.image.author = author.text.to_owned();
                config(format!("MAINTAINER {}", author.text))
            }
            Instruction::Env(pairs) => self.env(pairs)?,
            Instruction::Label(pairs) => {
                let mut text = "LABEL".to_owned();
                for pair in pairs {
                    let key = self.expand(pair.key.text)?;
                    let value = self.expand(pair.value.map_or("", |v| v.text))?;
                    text.push_str(&format!(" {key}={value}"));
                    self.state.stage.image.config.labels.insert(key, value);
                }
                config(text)
            }
            Instruction::Arg(pairs) => self.arg(pairs)?,
            Instruction::Run(run) => self.run(run)?,
            Instruction::Copy(copy) => self.copy(copy, false)?,
            Instruction::Add(copy) => self.copy(copy, true)?,
            Instruction::Workdir(directory) => self.workdir(directory.text)?,
            Instruction::User(user) => {
                let user = self.expand(user.text)?;
                self.state.stage.image.config.user.clone_from(&user);
                config(format!("USER {user}"))
            }
            Instruction::Volume(volumes) => {
                let volumes = self.expand_all(volumes)?;
                for volume in &volumes {
                    if volume.is_empty() {
                        let message = "VOLUME specified can not be an empty string".to_owned();
                        return Err(self.fail("PLAN_VOLUME_EMPTY", message, None));
                    }
                    let empty = serde_json::Value::Object(serde_json::Map::new());
                    self.state.stage.image.config.volumes.insert(volume.clone(), empty);
                }
                config(format!("VOLUME [{}]", volumes.join(" ")))
            }
            Instruction::Expose(ports) => {
                let mut words = Vec::new();
                for port in ports {
                    let expanded = self.planner.shlex.expand(port.text, &*self.state.vars);
                    words.extend(expanded.map_err(|e| expand_stop(&e, (command.span, command.lines)))?.words);
                }
                let ports = check::ports(&words).map_err(|r| self.refuse("PLAN_PORT", r))?;
                for port in &ports {
                    let empty = serde_json::Value::Object(serde_json::Map::new());
                    self.state.stage.image.config.exposed_ports.insert(port.clone(), empty);
                }
                config(format!("EXPOSE [{}]", ports.join(" ")))
            }
            Instruction::Stopsignal(signal) => {
                let signal = self.expand(signal.text)?;
                check::signal(&signal).map_err(|r| self.refuse("PLAN_SIGNAL", r))?;
                self.state.stage.image.config.stop_signal.clone_from(&signal);
                config(format!("STOPSIGNAL {signal}"))
            }
            Instruction::Shell(words) => {
                let words: Vec<String> = words.iter().map(|w| w.text.to_owned()).collect();
                let text = format!("SHELL [{}]", words.join(" "));
                self.state.stage.image.config.shell = words;
                config(text)
            }
            Instruction::Cmd(line) => {
                let args = self.command_line(line);
                let text = format!("CMD {}", go::quote_list(&args));
                let config_ = &mut self.state.stage.image.config;
                config_.cmd = Some(args);
                config_.args_escaped = true;
                self.state.cmd_set = true;
                config(text)
            }
            Instruction::Entrypoint(line) => {
                let args = self.command_line(line);
                let text = format!("ENTRYPOINT {}", go::quote_list(&args));
                let config_ = &mut self.state.stage.image.config;
                config_.entrypoint = Some(args);
                if !self.state.cmd_set {
                    config_.cmd = None;
                }
                config(text)
            }
            Instruction::Healthcheck(health) => {
                let health = Healthcheck {
                    test: health.test(),
                    interval: health.interval,
                    timeout: health.timeout,
                    start_period: health.start_period,
                    start_interval: health.start_interval,
                    retries: health.retries,
                };
                let text = format!("HEALTHCHECK {}", go::healthcheck(&health));
                self.state.stage.image.config.healthcheck = Some(health);
                config(text)
            }
            Instruction::Onbuild(onbuild) => {
                self.state.stage.image.config.on_build.push(onbuild.expression.clone());
                (Action::Config, None, false)
            }
        };
        let bytes = 200 + command.node.logical.text.len() + 2 * created_by.as_ref().map_or(0, String::len);
        self.planner.spend(bytes, (command.span, command.lines))?;
        self.state.size += bytes;
        if let Some(created_by) = &created_by {
            self.state.stage.image.history.push(History {
                created_by: created_by.clone(),
                comment: "buildkit.dockerfile.v0".to_owned(),
                empty_layer: !layer,
                ..History::default()
            });
        }
        let step = Step {
            name: command.node.kind.name(),
            text: command.node.logical.text.trim().to_owned(),
            action,
            created_by,
            creates_layer: layer,
            onbuild: command.index.is_none(),
            node: command.index,
            span: command.span,
            lines: command.lines,
        };
        self.state.context_paths.extend(step.context_paths());
        self.state.stage.steps.push(step);
        Ok(())
    }

    fn env(&mut self, pairs: &[instruction::Pair<'_>]) -> Result<Done, Stop> {
        let mut expanded = Vec::new();
        for pair in pairs {
            expanded.push((self.expand(pair.key.text)?, self.expand(pair.value.map_or("", |v| v.text))?));
        }
        let mut text = "ENV".to_owned();
        for (key, value) in expanded {
            let entry = format!("{key}={value}");
            text.push_str(&format!(" {entry}"));
            let env = &mut self.state.stage.image.config.env;
            let end = env.len();
            let place = *self.state.env_places.entry(key.clone()).or_insert(end);
            match env.get_mut(place) {
                Some(old) => *old = entry,
                None => env.push(entry),
            }
            self.set(key, value)?;
        }
        Ok(config(text))
    }

    fn arg(&mut self, pairs: &[instruction::Pair<'_>]) -> Result<Done, Stop> {
        let mut texts = Vec::new();
        for pair in pairs {
            let key = pair.key.text;
            let given = self.planner.options.build_args.get(key).cloned();
            let value = match (given, pair.value) {
                (Some(given), _) => Some(given),
                (None, Some(default)) => Some(self.expand(default.text)?),
                (None, None) => self.planner.global.get(key).cloned(),
            };
            let not_env = matches!(key, "BUILDKIT_SBOM_SCAN_CONTEXT" | "BUILDKIT_SBOM_SCAN_STAGE");
            if let Some(value) = value.as_ref().filter(|_| !not_env) {
                self.set(key.to_owned(), value.clone())?;
            }
            texts.push(value.as_ref().map_or_else(|| key.to_owned(), |v| format!("{key}={v}")));
            self.state.args.push((key.to_owned(), value.unwrap_or_default()));
        }
        Ok(config(format!("ARG {}", texts.join(" "))))
    }

    /// Puts the shell in front of a script.
    fn with_shell(&self, script: &str) -> Vec<String> {
        let image = &self.state.stage.image;
        let mut args = image.config.shell.clone();
        if args.is_empty() {
            let default: &[&str] = if image.os == "windows" { &["cmd", "/S", "/C"] } else { &["/bin/sh", "-c"] };
            args = default.iter().map(|&s| s.to_owned()).collect();
        }
        args.push(script.to_owned());
        args
    }

    fn command_line(&self, line: &CommandLine<'_>) -> Vec<String> {
        let words: Vec<&str> = line.args.iter().map(|a| a.text).collect();
        if line.shell { self.with_shell(&words.join(" ")) } else { words.into_iter().map(str::to_owned).collect() }
    }

    fn run(&mut self, run: &instruction::Run<'_>) -> Result<Done, Stop> {
        if !run.devices.is_empty() {
            let help = "leave --device out, or use the docker/dockerfile labs channel".to_owned();
            return Err(self.fail("PLAN_DEVICE", "devices are not supported by this version".to_owned(), Some(help)));
        }
        let line = &run.command;
        let mut file = None;
        let mut script = line.shell.then(|| line.args.first().map_or("", |a| a.text).to_owned());
        if let (Some(first), Some(text)) = (line.files.first(), script.as_mut()) {
            if matches!(heredoc_word(text), Ok(Some(_))) {
                let data = first.text().into_owned();
                if self.state.stage.image.os != "windows" && first.content.starts_with("#!") {
                    let path = path::join(&["/dev/pipes/", &first.name]);
                    text.clone_from(&path);
                    file = Some((path, data));
                } else {
                    *text = data;
                }
            } else {
                for Heredoc { content, name, .. } in line.files {
                    text.push_str(&format!("\n{content}{name}"));
                }
            }
        }
        let args = match &script {
            Some(script) => self.with_shell(script),
            None => line.args.iter().map(|a| a.text.to_owned()).collect(),
        };
        let mounts = self.mounts(run)?;
        // Each declared argument once, at its first place, with the value it has now.
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut order: Vec<(&str, &str)> = Vec::new();
        for (key, value) in &self.state.args {
            let now = self.state.vars.get(key).map_or(value.as_str(), String::as_str);
            match places.get(key.as_str()).and_then(|&p| order.get_mut(p)) {
                Some(old) => old.1 = now,
                None => {
                    places.insert(key, order.len());
                    order.push((key, now));
                }
            }
        }
        let bytes: usize = order.iter().map(|(k, v)| k.len() + v.len() + 2).sum();
        self.planner.spend(bytes, (self.command.span, self.command.lines))?;
        let mut words: Vec<String> = Vec::new();
        if !order.is_empty() {
            words.push(format!("|{}", order.len()));
            words.extend(order.iter().map(|(k, v)| format!("{k}={v}")));
        }
        words.extend(args.iter().cloned());
        let created_by = format!("RUN {} # buildkit", words.join(" "));
        let config = &self.state.stage.image.config;
        let cwd = if config.working_dir.is_empty() { "/".to_owned() } else { config.working_dir.clone() };
        let step = Run {
            args,
            script,
            file,
            env: self.state.vars.clone(),
            cwd,
            user: config.user.clone(),
            mounts,
            network: run.network.map(|n| n.text.to_owned()),
            security: run.security.map(|s| s.text.to_owned()),
        };
        Ok((Action::Run(Box::new(step)), Some(created_by), true))
    }

    fn mounts(&mut self, run: &instruction::Run<'_>) -> Result<Vec<(Mount, Option<usize>)>, Stop> {
        let mut mounts = Vec::new();
        for text in &run.mounts {
            let vars = self.state.vars.clone();
            let shlex = self.planner.shlex;
            let mount = Mount::read(text.text, |v| shlex.expand(v, &*vars).map(|e| e.word));
            mounts.push(mount.map_err(|r| self.refuse("PLAN_MOUNT", r))?);
        }
        let mut out = Vec::new();
        for (index, mount) in mounts.into_iter().enumerate() {
            if matches!(mount.kind, MountKind::Secret | MountKind::Ssh) {
                out.push((mount, None));
                continue;
            }
            let mut from = None;
            if !mount.from.is_empty() {
                from = self.command.sources.get(index).copied();
                let source = from.and_then(|f| self.planner.states.get(f));
                if source.is_some_and(|s| !s.dispatched) {
                    let message =
                        format!("cannot mount from stage {:?}, it needs to be defined before this stage", mount.from);
                    return Err(self.fail("PLAN_STAGE_ORDER", message, Some("move that stage up".to_owned())));
                }
            }
            let directory = &self.state.stage.image.config.working_dir;
            let target = if path::is_absolute(&mount.target, self.windows) {
                path::clean(&mount.target)
            } else {
                path::join(&["/", directory, &mount.target])
            };
            if target == "/" {
                let message = format!("invalid mount target {target:?}");
                return Err(self.fail("PLAN_MOUNT", message, Some("write target= and a path below /".to_owned())));
            }
            out.push((Mount { target, ..mount }, from));
        }
        Ok(out)
    }

    fn workdir(&mut self, text: &str) -> Result<Done, Stop> {
        let text = self.expand(text)?;
        let directory = path::normalize(&self.state.stage.image.config.working_dir, &text, self.windows, false)
            .map_err(|m| self.fail("PLAN_PATH", m, None))?;
        let config = &mut self.state.stage.image.config;
        config.working_dir = native(&directory, self.windows);
        let user = config.user.clone();
        let layer = directory != "/";
        let created_by = format!("WORKDIR {directory}");
        Ok((Action::Workdir { path: directory, user }, Some(created_by), layer))
    }

    fn copy(&mut self, copy: &instruction::Copy<'_>, add: bool) -> Result<Done, Stop> {
        let chown = self.expand_text(copy.chown)?.filter(|c| !c.is_empty());
        let chmod = self.expand_text(copy.chmod)?.filter(|c| !c.is_empty());
        let checksum = self.expand_text(copy.checksum)?.filter(|c| !c.is_empty());
        let exclude = self.expand_all(&copy.exclude)?;
        let paths = self.expand_all(&copy.sources)?;
        let written_dest = self.expand(copy.dest.text)?;
        let mut inline = Vec::new();
        let lexer = Expander { skip_quotes: true, ..Expander::default() };
        for file in &copy.inline {
            let data = if file.expand {
                lexer
                    .expand(&file.data, &*self.state.vars)
                    .map_err(|e| expand_stop(&e, (self.command.span, self.command.lines)))?
                    .word
            } else {
                file.data.clone()
            };
            inline.push((file.name.clone(), data));
        }
        let from = self.command.sources.first().copied();
        if let Some(source) = from.and_then(|f| self.planner.states.get(f)).filter(|s| !s.dispatched) {
            let name = source.stage.name.clone().unwrap_or_else(|| from.unwrap_or(0).to_string());
            let message = format!("cannot copy from stage {name:?}, it needs to be defined before this stage");
            return Err(self.fail("PLAN_STAGE_ORDER", message, Some("move that stage up".to_owned())));
        }
        let directory = &self.state.stage.image.config.working_dir;
        let path_error = |m: String| self.fail("PLAN_PATH", m, None);
        let dest = path::without_drive(&written_dest, self.windows).map_err(path_error)?;
        // Cleaning a Windows path takes the slash at its end, which says that it is a directory.
        let dest =
            if written_dest.ends_with(['/', '\\']) && self.windows && !dest.ends_with('/') { dest + "/" } else { dest };
        let dest = match dest.as_str() {
            "" | "." => "./",
            other => other,
        };
        let dest = path::normalize(directory, dest, self.windows, true).map_err(path_error)?;
        if let Some(chmod) = &chmod {
            check::mode(chmod).map_err(|r| self.refuse("PLAN_CHMOD", r))?;
        }
        let mut sources: Vec<Source> = paths.iter().map(|p| check::source(p)).collect();
        sources.extend(inline.iter().cloned().map(|(name, data)| Source::Inline(name, data)));
        check::sources(&sources, add, checksum.as_deref(), copy.keep_git_dir)
            .map_err(|r| self.refuse("PLAN_SOURCE", r))?;
        for source in &sources {
            if let Source::Path(p) = source {
                path::normalize("/", p, self.windows, false).map_err(path_error)?;
            }
        }

        let mut text = if add { "ADD" } else { "COPY" }.to_owned();
        if copy.parents {
            text.push_str(" --parents");
        }
        for (flag, value) in [("chown", &chown), ("chmod", &chmod)] {
            if let Some(value) = value {
                text.push_str(&format!(" --{flag}={value}"));
            }
        }
        paths.iter().for_each(|p| text.push_str(&format!(" {p}")));
        inline.iter().for_each(|(name, _)| text.push_str(&format!(" <<{name}")));
        text.push_str(&format!(" {written_dest} # buildkit"));

        let step = Copy {
            add,
            sources,
            dest,
            from,
            chown,
            chmod,
            link: copy.link,
            parents: copy.parents,
            exclude,
            checksum,
            keep_git_dir: copy.keep_git_dir,
            unpack: copy.unpack,
        };
        Ok((Action::Copy(Box::new(step)), Some(text), true))
    }
}

fn config(text: String) -> Done {
    (Action::Config, Some(text), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str, options: &Options) -> Plan {
        plan(&parse(text.as_bytes()), options)
    }

    /// The code and line of the error, without which there is none.
    fn refusal(text: &str) -> Option<(&'static str, u32)> {
        made(text, &Options::default()).error.map(|e| (e.code, e.lines.from))
    }

    fn history(plan: &Plan) -> Vec<&str> {
        plan.image.history.iter().map(|h| h.created_by.as_str()).collect()
    }

    #[test]
    fn arguments_have_scopes() {
        let text = "ARG V=1\nARG W=$V-w\nFROM a:$V AS x\nARG V\nARG W=own\nENV E=$V$W$U\nFROM x\nRUN y\n";
        let plan = made(text, &Options::default());
        assert_eq!(plan.stages[0].base, Base::Image("docker.io/library/a:1".to_owned()));
        assert_eq!(history(&plan), ["ARG V=1", "ARG W=own", "ENV E=1own", "RUN |2 V=1 W=own /bin/sh -c y # buildkit"]);
        let given = Options { build_args: [("V".to_owned(), "9".to_owned())].into(), ..Options::default() };
        assert_eq!(made(text, &given).stages[0].base, Base::Image("docker.io/library/a:9".to_owned()));
    }

    #[test]
    fn only_what_the_target_needs_is_reached() {
        let text = "FROM a AS one\nRUN x\nFROM b AS two\nFROM scratch AS three\nCOPY --from=one /x /\nCOPY --from=c /y /\nFROM two\n";
        let options = Options { target: Some("Three".to_owned()), ..Options::default() };
        let plan = made(text, &options);
        let reached: Vec<bool> = plan.stages.iter().map(|s| s.reachable).collect();
        assert_eq!(reached, [true, false, true, false, true]);
        assert_eq!(plan.stages[2].deps, [0, 4]);
        assert!(plan.stages[4].implicit);
        assert_eq!(plan.stages[4].base, Base::Image("docker.io/library/c:latest".to_owned()));
    }

    #[test]
    fn steps_are_expanded() {
        let text = "FROM scratch\nENV D=/srv\nWORKDIR $D\nUSER me\nCOPY --chown=$D [\"a $D\", \"./c/\"]\n";
        let plan = made(text, &Options::default());
        let Action::Copy(copy) = &plan.stages[0].steps[3].action else { panic!("not a copy") };
        assert_eq!(copy.sources, [Source::Path("a /srv".to_owned())]);
        assert_eq!((copy.dest.as_str(), copy.chown.as_deref()), ("/srv/c/", Some("/srv")));
        assert_eq!(plan.context_paths, ["/a /srv"]);
        assert_eq!(plan.image.config.user, "me");
    }

    #[test]
    fn triggers_of_a_known_base_run_first() {
        let mut base = Image::empty(&Platform::linux("amd64"));
        base.config.on_build = vec!["ENV O=1".to_owned(), "COPY --from=x /a /".to_owned()];
        let options =
            Options { base_configs: [("docker.io/library/b:latest".to_owned(), base)].into(), ..Options::default() };
        let plan = made("FROM c AS x\nFROM b\nRUN z\n", &options);
        assert_eq!(history(&plan), ["ENV O=1", "COPY /a / # buildkit", "RUN /bin/sh -c z # buildkit"]);
        assert_eq!(plan.stages[1].deps, [0]);
        assert!(plan.stages[0].reachable && plan.stages[1].base_known);
        assert!(plan.image.config.on_build.is_empty());
    }

    #[test]
    fn what_buildkit_refuses_is_refused_at_its_line() {
        for (text, want) in [
            ("FROM a\nCOPY --from=0 x y\n", ("PLAN_CIRCULAR", 2)),
            ("FROM a\nCOPY --from=9 x y\n", ("PLAN_STAGE_INDEX", 2)),
            ("FROM a AS x\nCOPY --from=y a b\nFROM b AS y\nFROM x\n", ("PLAN_STAGE_ORDER", 2)),
            ("ARG V\nFROM $V\n", ("PLAN_BASE_BLANK", 2)),
            ("FROM a:\n", ("REFERENCE_INVALID", 1)),
            ("FROM --platform=foo a\n", ("PLAN_PLATFORM", 1)),
            ("FROM a\nCOPY https://x/y z\n", ("PLAN_SOURCE", 2)),
            ("FROM a\nCOPY --chmod=9 y z\n", ("PLAN_CHMOD", 2)),
            ("FROM a\nSTOPSIGNAL X\n", ("PLAN_SIGNAL", 2)),
            ("FROM a\nEXPOSE 99999\n", ("PLAN_PORT", 2)),
            ("FROM a\nENV a=${b:?c}\n", ("WORD_REQUIRED_VARIABLE", 2)),
            ("FROM a\nRUN --mount=type=tpmfs,target=/x y\n", ("PLAN_MOUNT", 2)),
            ("ARG x\n", ("PLAN_NO_STAGE", 1)),
        ] {
            assert_eq!(refusal(text), Some(want), "{text}");
        }
    }

    #[test]
    fn a_plan_goes_on_after_an_error() {
        let plan = made("FROM a AS x\nCOPY y\nENV z=1\nFROM x\nRUN w\n", &Options::default());
        assert_eq!(plan.error.map(|e| e.code), Some("DOCKERFILE_ARGUMENT_MISSING"));
        assert_eq!(plan.stages[1].steps.len(), 1);
        assert_eq!(plan.image.config.env[1], "z=1");
    }
}
