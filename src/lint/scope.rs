//! Variables as BuildKit has them at each instruction: the global scope, each stage's environment, and what is used
//! without being set. Facts only; the rules say what to make of them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::LintOptions;
use super::context::{Context, Inst};
use super::inherit::Copies;
use crate::dockerfile::expand::{Expander, Expansion};
use crate::dockerfile::instruction::{Instruction, Pair};
use crate::dockerfile::mount::Mount;
use crate::dockerfile::syntax::Text;
use crate::order;
use crate::plan::platform::Platform;
use crate::plan::reference;
use crate::text::Span;

/// Variables of a build.
#[derive(Debug, Default)]
pub struct Scopes {
    /// Variables used and not set, one entry a word and name.
    pub undefined: Vec<Undefined>,
    /// Expanded values, by instruction: `WORKDIR`'s path; `EXPOSE`'s ports; sources of `COPY` and `ADD`.
    pub expanded: BTreeMap<usize, Vec<(String, Span)>>,
    /// The earlier stage that each stage starts from, found by the expanded name.
    pub parents: Vec<Option<usize>>,
    /// What each stage's `FROM` comes to.
    pub froms: Vec<FromScope>,
    /// The platform that is built for.
    pub target: Platform,
    /// Names declared before the first `FROM`.
    pub global_names: BTreeSet<String>,
}

/// A use of a variable that is not set.
#[derive(Debug)]
pub struct Undefined {
    /// Index of the instruction.
    pub inst: usize,
    /// The name.
    pub name: String,
    /// The word that uses it.
    pub span: Span,
    /// A name like it that is set.
    pub nearest: Option<String>,
    /// The environment of the base image is known, or there is none.
    pub certain: bool,
}

/// A `FROM` with its variables.
#[derive(Debug, Default)]
pub struct FromScope {
    /// The base after expansion; `None` where it cannot be expanded.
    pub image: Option<String>,
    /// The base with defaults only, build arguments left out; `None` where it cannot be expanded.
    pub default_image: Option<String>,
    /// Names in the base or platform that no global `ARG` declares, each with the word it stands in.
    pub undefined: Vec<(String, Span, Option<String>)>,
    /// The platform's value and the names that it uses.
    pub platform: Option<PlatformUse>,
    /// Configuration of the base image, where it is known.
    pub config: Option<serde_json::Value>,
    /// The stage has a shell that is not the default one before its first instruction.
    pub base_has_shell: bool,
}

/// A `--platform` after expansion.
#[derive(Debug, Default)]
pub struct PlatformUse {
    /// The value.
    pub value: String,
    /// Names that it uses and that are set.
    pub matched: BTreeSet<String>,
    /// Names that it uses and that are not set.
    pub unmatched: BTreeSet<String>,
}

type Vars = BTreeMap<String, String>;

/// What a stage knows.
#[derive(Debug, Clone, Default)]
struct StageEnv {
    vars: Vars,
    declared: BTreeSet<String>,
    certain: bool,
}

impl Scopes {
    pub(super) fn new(cx: &Context<'_>) -> Self {
        let options = cx.options;
        let host = Platform::linux("amd64");
        let target =
            options.platform.as_deref().and_then(|p| Platform::parse(p, &host).ok()).unwrap_or_else(|| host.clone());
        let mut out = Self { target: target.clone(), ..Self::default() };
        let expander = Expander { escape: cx.file.escape, ..Expander::default() };
        let platform = |prefix: &str, p: &Platform| {
            [
                (format!("{prefix}PLATFORM"), p.to_string()),
                (format!("{prefix}OS"), p.os.clone()),
                (format!("{prefix}OSVERSION"), p.os_version.clone()),
                (format!("{prefix}ARCH"), p.architecture.clone()),
                (format!("{prefix}VARIANT"), p.variant.clone()),
            ]
        };
        let mut global: Vars = order::map(platform("BUILD", &host).into_iter().chain(platform("TARGET", &target)));
        let last = cx.stages.last().and_then(|s| s.name).map(str::to_lowercase);
        global.insert("TARGETSTAGE".into(), options.target.clone().or(last).unwrap_or_else(|| "default".into()));
        for (name, value) in &mut global {
            if let Some(given) = options.build_args.get(name) {
                value.clone_from(given);
            }
        }
        let mut defaults = global.clone();
        for inst in cx.top().take_while(|i| i.stage.is_none()) {
            let Instruction::Arg(pairs) = &inst.read else { continue };
            for pair in pairs {
                let name = pair.key.text;
                out.global_names.insert(name.to_owned());
                let value = |vars: &Vars| pair.value.and_then(|v| expander.expand(v.text, vars).ok()).map(|e| e.word);
                if let Some(value) = value(&defaults) {
                    defaults.insert(name.to_owned(), value);
                }
                if let Some(value) = options.build_args.get(name).cloned().or_else(|| value(&global)) {
                    global.insert(name.to_owned(), value);
                }
            }
        }
        let mut stages: Vec<Rc<StageEnv>> = Vec::new();
        let mut env = Rc::<StageEnv>::default();
        let mut copies = Copies::default();
        for (index, inst) in cx.instructions.iter().enumerate() {
            if inst.onbuild {
                continue;
            }
            if let (Instruction::From(from), Some(stage)) = (&inst.read, inst.stage) {
                if stage > 0 {
                    stages.push(std::mem::take(&mut env));
                }
                out.froms.push(from_scope(from, &expander, &global, &defaults, &out.global_names, options));
                let image = out.froms.last().and_then(|f| f.image.as_deref()).unwrap_or("");
                let parent = cx.stage_before(image, stage);
                out.parents.push(parent);
                env = match parent.and_then(|p| stages.get(p)) {
                    Some(parent) => Rc::clone(parent),
                    None => Rc::new(base_env(out.froms.last(), &target, !cx.buildkit && !cx.exact)),
                };
                continue;
            }
            if inst.stage.is_some() {
                let (env, copies) = (&mut env, &mut copies);
                let mut walk = Walk { out: &mut out, expander, index, inst, env, copies, global: &global, options };
                walk.instruction();
            }
        }
        out
    }
}

/// The environment of a base image: from its configuration, or else, with `table`, what is known about common ones.
fn base_env(from: Option<&FromScope>, target: &Platform, table: bool) -> StageEnv {
    let mut env = StageEnv::default();
    let scratch = from.is_some_and(|f| f.image.as_deref() == Some("scratch"));
    let config = from.and_then(|f| f.config.as_ref());
    env.certain = scratch || config.is_some();
    for pair in config.and_then(|c| c["config"]["Env"].as_array()).into_iter().flatten().filter_map(|e| e.as_str()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        env.vars.insert(name.to_owned(), value.to_owned());
    }
    let image = from.and_then(|f| f.image.as_deref()).filter(|_| table && config.is_none());
    if let Some(base) = image.and_then(super::bases::known) {
        env.certain = true;
        for (name, value) in base.variables() {
            match value {
                Some(value) => drop(env.vars.insert(name.to_owned(), value.to_owned())),
                None => drop(env.declared.insert(name.to_owned())),
            }
        }
    }
    // A stage always has a PATH.
    let path = if target.os == "windows" {
        "c:\\Windows\\System32;c:\\Windows"
    } else {
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    };
    env.vars.entry("PATH".into()).or_insert_with(|| path.into());
    env
}

fn from_scope(
    from: &crate::dockerfile::instruction::From<'_>,
    expander: &Expander,
    global: &Vars,
    defaults: &Vars,
    names: &BTreeSet<String>,
    options: &LintOptions,
) -> FromScope {
    let mut out = FromScope::default();
    let mut undefined = |expansion: &Expansion, text: Text<'_>| {
        for name in expansion.unmatched.iter().filter(|n| !names.contains(*n)) {
            let nearest = nearest(name, global.keys());
            out.undefined.push((name.clone(), text.span, nearest));
        }
    };
    let image = expander.expand(from.image.text, global);
    if let Ok(expansion) = &image {
        undefined(expansion, from.image);
    }
    if let Some(text) = from.platform
        && let Ok(expansion) = expander.expand(text.text, global)
    {
        undefined(&expansion, text);
        out.platform =
            Some(PlatformUse { value: expansion.word, matched: expansion.matched, unmatched: expansion.unmatched });
    }
    out.image = image.ok().map(|e| e.word);
    out.default_image = expander.expand(from.image.text, defaults).ok().map(|e| e.word);
    let known = |name: &str| options.base_configs.get(name);
    out.config = out.image.as_deref().and_then(|image| {
        let full = reference::normalize(image).ok();
        full.as_deref().and_then(known).or_else(|| known(image)).cloned()
    });
    let shell = out.config.as_ref().and_then(|c| c["config"]["Shell"].as_array());
    out.base_has_shell = shell.is_some_and(|s| !s.is_empty());
    out
}

/// The name nearest to `written`, at an edit distance below three.
fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a String>) -> Option<String> {
    let distance = |a: &str, b: &str| {
        let b: Vec<char> = b.chars().collect();
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, ca) in a.chars().enumerate() {
            let mut diagonal = row[0];
            row[0] = i + 1;
            for (j, cb) in b.iter().enumerate() {
                let replace = diagonal + usize::from(ca != *cb);
                diagonal = row[j + 1];
                row[j + 1] = replace.min(diagonal + 1).min(row[j] + 1);
            }
        }
        row[b.len()]
    };
    if written.len() > 64 {
        return None;
    }
    names
        .filter(|n| n.len().abs_diff(written.len()) < 3)
        .map(|n| (distance(written, n), n))
        .filter(|(d, _)| *d > 0 && *d < 3)
        .min()
        .map(|(_, n)| n.clone())
}

/// ARGs that never enter the environment.
const NOT_ENVIRONMENT: [&str; 2] = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"];

struct Walk<'w, 'a> {
    out: &'w mut Scopes,
    expander: Expander,
    index: usize,
    inst: &'w Inst<'a>,
    env: &'w mut Rc<StageEnv>,
    copies: &'w mut Copies,
    global: &'w Vars,
    options: &'w LintOptions,
}

impl Walk<'_, '_> {
    fn instruction(&mut self) {
        match &self.inst.read {
            Instruction::Env(pairs) => {
                let values = self.pairs(pairs);
                self.own_env().vars.extend(values);
            }
            Instruction::Label(pairs) => {
                self.pairs(pairs);
            }
            Instruction::Arg(pairs) => {
                for pair in pairs {
                    let name = pair.key.text;
                    let default = pair.value.and_then(|v| self.word(v));
                    let given = self.options.build_args.get(name).cloned();
                    let global = self.global.get(name).cloned();
                    let value = given.or(if pair.value.is_some() { default } else { global });
                    self.own_env().declared.insert(name.to_owned());
                    if let (Some(value), false) = (value, NOT_ENVIRONMENT.contains(&name)) {
                        self.own_env().vars.insert(name.to_owned(), value);
                    }
                }
            }
            Instruction::Copy(copy) | Instruction::Add(copy) => {
                let mut sources = Vec::new();
                for source in &copy.sources {
                    if let Some(text) = self.word(*source) {
                        sources.push((text, source.span));
                    }
                }
                self.word(copy.dest);
                for text in [copy.chown, copy.chmod, copy.checksum].into_iter().flatten() {
                    self.word(text);
                }
                for inline in copy.inline.iter().filter(|i| i.expand) {
                    // In a body quotes are text, and only a backslash escapes.
                    let expander = Expander { skip_quotes: true, ..Expander::default() };
                    if let Ok(expansion) = expander.expand(&inline.data, &self.env.vars) {
                        self.unmatched(&expansion.unmatched, inline.word.span);
                    }
                }
                self.out.expanded.insert(self.index, sources);
            }
            Instruction::Expose(ports) => {
                let mut all = Vec::new();
                for port in ports {
                    if let Ok(expansion) = self.expander.expand(port.text, &self.env.vars) {
                        all.extend(expansion.words.into_iter().map(|w| (w, port.span)));
                    }
                }
                self.out.expanded.insert(self.index, all);
            }
            Instruction::Volume(words) => {
                for word in words {
                    self.word(*word);
                }
            }
            Instruction::User(text) | Instruction::Stopsignal(text) => {
                self.word(*text);
            }
            Instruction::Workdir(text) => {
                let value = self.word(*text);
                self.out.expanded.insert(self.index, value.map(|v| (v, text.span)).into_iter().collect());
            }
            Instruction::Run(run) => {
                for mount in &run.mounts {
                    let unmatched = RefCell::new(Vec::new());
                    let _ = Mount::read(mount.text, |value| {
                        let expansion = self.expander.expand(value, &self.env.vars)?;
                        unmatched.borrow_mut().push(expansion.unmatched.clone());
                        Ok::<_, crate::dockerfile::expand::ExpandError>(expansion.word)
                    });
                    for names in unmatched.into_inner() {
                        self.unmatched(&names, mount.span);
                    }
                }
            }
            _ => {}
        }
    }

    /// The environment, to be changed.
    fn own_env(&mut self) -> &mut StageEnv {
        self.copies.own(self.env, |env| env.vars.len() + env.declared.len())
    }

    fn pairs(&mut self, pairs: &[Pair<'_>]) -> Vec<(String, String)> {
        let mut values = Vec::new();
        for pair in pairs {
            let key = self.word(pair.key);
            let value = pair.value.and_then(|v| self.word(v));
            if let Some(key) = key {
                values.push((key, value.unwrap_or_default()));
            }
        }
        values
    }

    fn word(&mut self, text: Text<'_>) -> Option<String> {
        let expansion = self.expander.expand(text.text, &self.env.vars).ok()?;
        self.unmatched(&expansion.unmatched, text.span);
        Some(expansion.word)
    }

    fn unmatched(&mut self, names: &BTreeSet<String>, span: Span) {
        for name in names {
            if self.env.declared.contains(name) || NOT_ENVIRONMENT.contains(&name.as_str()) {
                continue;
            }
            self.out.undefined.push(Undefined {
                inst: self.index,
                name: name.clone(),
                span,
                // With very many names a guess costs more than it helps.
                nearest: (self.env.vars.len() <= 500).then(|| nearest(name, self.env.vars.keys())).flatten(),
                certain: self.env.certain,
            });
        }
    }
}
