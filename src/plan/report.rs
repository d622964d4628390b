//! The plan as plain data, for JavaScript and JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::image::Image;
use super::platform::{Platform, PlatformError};
use super::step::{Action, Source};
use super::{Base, Context, Options, Plan, Stage, Step, reference};
use crate::dockerfile::dockerignore::{self, IgnoreError, Matcher};
use crate::dockerfile::report::ParsedDiagnostic;
use crate::order;
use crate::text::LineIndex;

/// What to plan for, as JavaScript gives it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct PlanOptions {
    /// The stage to build, by name; the last one where not given.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub target: Option<String>,
    /// The platform to build for, such as `linux/arm64`.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub platform: Option<String>,
    /// The platform that builds; `linux/amd64` where not given.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub build_platform: Option<String>,
    /// Build arguments.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, string>"))]
    pub build_args: BTreeMap<String, String>,
    /// Labels for the image.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, string>"))]
    pub labels: BTreeMap<String, String>,
    /// The text of a `.dockerignore`: steps then say which of their paths it leaves out.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub dockerignore: Option<String>,
    /// Configurations of base images, by reference as written or in full. `image.config` of an open image is one.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, GivenConfiguration>"))]
    pub base_configs: BTreeMap<String, Image>,
    /// What names stand for, as `docker buildx build --build-context` takes it: a name and `docker-image://REFERENCE`,
    /// a path or address of files, or `{ image: configuration }`. They replace stages and images of that name.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, string | { image: GivenConfiguration }>"))]
    pub contexts: BTreeMap<String, GivenContext>,
    /// The paths of a build context, with `/` between the parts; directories end in `/`. The plan then says what of them
    /// is sent, and what is left out.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub context: Option<Vec<String>>,
    /// Takes the place of the file's `# check=` directive, as the build argument `BUILDKIT_DOCKERFILE_CHECK` does.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub check: Option<String>,
    /// Give the plan as far as it is known where BuildKit would refuse, instead of failing.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub partial: bool,
}

/// A named context as JavaScript gives it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "serde_json::Value")]
pub enum GivenContext {
    /// Where it is: `docker-image://`, `oci-layout://`, an address or a path.
    At(String),
    /// An image by its configuration.
    Image(Box<Image>),
}

impl TryFrom<serde_json::Value> for GivenContext {
    type Error = String;

    fn try_from(mut value: serde_json::Value) -> Result<Self, String> {
        if let serde_json::Value::String(place) = value {
            return Ok(Self::At(place));
        }
        let image = value.get_mut("image").map(serde_json::Value::take).unwrap_or_default();
        let wrong = "contexts: a name stands for a text such as docker-image://alpine, or for { image: configuration }";
        serde_json::from_value(image).map(|i| Self::Image(Box::new(i))).map_err(|e| format!("{wrong}: {e}"))
    }
}

impl GivenContext {
    /// What the planner has to know of it; images are looked for among the configurations given.
    fn read(&self, configs: &BTreeMap<String, Image>) -> Context {
        match self {
            Self::Image(image) => Context::Image(Some(image.clone())),
            Self::At(place) => match place.strip_prefix("docker-image://") {
                Some(name) => Context::Image(configs.get(&full(name)).cloned().map(Box::new)),
                None if place.starts_with("oci-layout://") => Context::Image(None),
                None => Context::Files,
            },
        }
    }
}

/// A reference in full, where it is one.
fn full(name: &str) -> String {
    reference::normalize(name).unwrap_or_else(|_| name.to_owned())
}

/// The name of a context as BuildKit compares it: `docker.io/library/alpine:latest` is `alpine`.
fn context_name(name: &str) -> String {
    match reference::normalize(name) {
        Ok(full) => {
            let short = reference::familiar(&full);
            short.strip_suffix(":latest").unwrap_or(short).to_owned()
        }
        Err(_) => name.to_owned(),
    }
}

impl PlanOptions {
    /// The planner's own options.
    ///
    /// # Errors
    /// Where a platform cannot be read.
    pub fn read(&self) -> Result<Options, PlatformError> {
        let default = Platform::linux("amd64");
        let platform = |text: &Option<String>| {
            text.as_deref().filter(|t| !t.is_empty()).map(|t| Platform::parse(t, &default)).transpose()
        };
        let base_configs = order::map(self.base_configs.iter().map(|(k, v)| (full(k), v.clone())));
        let contexts = self.contexts.iter().map(|(name, given)| (context_name(name), given.read(&base_configs)));
        Ok(Options {
            target: self.target.clone(),
            platform: platform(&self.platform)?,
            build_platform: platform(&self.build_platform)?,
            build_args: self.build_args.clone(),
            labels: self.labels.clone(),
            contexts: order::map(contexts),
            base_configs,
            platform_configs: BTreeMap::new(),
            check: self.check.clone(),
        })
    }
}

/// The plan of a build.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct PlanReport {
    /// Stages in order; those that `--from` brings in, and that are no stage of the file, last.
    pub stages: Vec<PlannedStage>,
    /// Index of the stage that is built.
    pub target: usize,
    /// The image configuration it gets.
    #[cfg_attr(feature = "js", tsify(type = "ImageConfiguration"))]
    pub image: Image,
    /// Paths of the build context that are read, each with a leading `/`.
    pub context_paths: Vec<String>,
    /// What of the paths of the context is sent, and what is left out. Absent where no paths were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<PlannedContext>,
    /// What BuildKit would refuse, the first being where it stops. Empty unless a partial plan was asked for.
    pub diagnostics: Vec<ParsedDiagnostic>,
}

/// A stage.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct PlannedStage {
    /// Its number.
    pub index: usize,
    /// Its name in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is built on.
    pub base: PlannedBase,
    /// Whether the base's configuration is known; if not, an empty one is assumed.
    pub base_known: bool,
    /// Its platform; absent where that depends on a base that is not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Whether the target needs it.
    pub reachable: bool,
    /// Whether it is no stage of the file but what `--from` or a mount names.
    pub implicit: bool,
    /// Stages that its steps read from.
    pub deps: Vec<usize>,
    /// The line of its `FROM`.
    pub line: u32,
    /// The last line of its `FROM`.
    pub end_line: u32,
    /// Its steps, after expansion. Empty where it is not reached.
    pub steps: Vec<PlannedStep>,
    /// Paths of the build context its steps read.
    pub context_paths: Vec<String>,
}

/// What a stage is built on.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct PlannedBase {
    /// What kind of base.
    #[cfg_attr(feature = "js", tsify(type = "\"scratch\" | \"stage\" | \"image\" | \"context\""))]
    pub kind: &'static str,
    /// The stage's index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<usize>,
    /// The image's full reference, or the context's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// A step.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct PlannedStep {
    /// The instruction's name in upper case.
    pub instruction: String,
    /// The instruction as one line.
    pub text: String,
    /// Its first line.
    pub line: u32,
    /// Its last line.
    pub end_line: u32,
    /// `run`: a command is run; `layer`: files are brought in; `config`: only the configuration changes.
    #[cfg_attr(feature = "js", tsify(type = "\"layer\" | \"config\" | \"run\""))]
    pub kind: &'static str,
    /// Whether it makes a layer.
    pub creates_layer: bool,
    /// Whether something has to be executed for it.
    pub needs_executor: bool,
    /// What the history will say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// Whether it comes from an `ONBUILD` of the base.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub onbuild: bool,
    /// Paths of the build context it reads.
    pub context_paths: Vec<String>,
    /// Those of them that `.dockerignore` leaves out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored_paths: Vec<IgnoredPath>,
    /// The stage `COPY --from` reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_stage: Option<usize>,
    /// What only a build can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// A path that is not part of the build context.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct IgnoredPath {
    /// The path.
    pub path: String,
    /// The pattern of `.dockerignore` that leaves it out.
    pub pattern: String,
    /// The line of that pattern, from 1.
    pub line: u32,
}

/// What a build does with the paths of its context. Each path is in one of the lists.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
pub struct PlannedContext {
    /// What is sent: a step that is reached reads it. Directories end in `/`.
    pub sent: Vec<String>,
    /// What `.dockerignore` leaves out.
    pub ignored: Vec<IgnoredPath>,
    /// What it lets through but no step that is reached reads, so that it is not sent either.
    pub unread: Vec<String>,
}

/// The patterns of a `.dockerignore` with their places.
struct Ignore {
    patterns: Vec<(u32, String)>,
    matcher: Matcher,
}

impl Ignore {
    fn new(text: Option<&str>) -> Result<Self, IgnoreError> {
        let patterns = text.map(dockerignore::read_lines).unwrap_or_default();
        let list: Vec<&str> = patterns.iter().map(|(_, p)| p.as_str()).collect();
        Ok(Self { matcher: Matcher::new(&list)?, patterns })
    }

    fn by(&self, path: &str, pattern: usize) -> Option<IgnoredPath> {
        let (line, pattern) = self.patterns.get(pattern)?;
        Some(IgnoredPath { path: path.to_owned(), pattern: pattern.clone(), line: *line })
    }

    /// What leaves a path out.
    fn leaves_out(&self, path: &str) -> Option<IgnoredPath> {
        let decision = self.matcher.decide(path.trim_start_matches('/')).ok().flatten().filter(|d| d.ignored)?;
        self.by(path, decision.pattern)
    }

    /// The paths of a context by what becomes of them. `read` are the paths that steps read.
    fn divide(&self, paths: &[String], read: &[String]) -> Result<PlannedContext, IgnoreError> {
        let divided = self.matcher.divide(paths)?;
        let whole = read.iter().any(|p| p == "/");
        // A source is a pattern of Go's `filepath.Match`, in which `**` is no more than `*`.
        let wanted: Vec<String> = read.iter().map(|p| as_pattern(p)).collect();
        let wanted = Matcher::new(&wanted)?;
        let (mut sent, mut unread, mut open) = (Vec::new(), Vec::new(), BTreeSet::new());
        for path in divided.sent {
            if whole || wanted.ignored(path.trim_end_matches('/'))? {
                // Directories on the way are sent with it.
                open.extend(path.match_indices('/').filter_map(|(i, _)| path.get(..=i)).map(str::to_owned));
                sent.push(path);
            } else {
                unread.push(path);
            }
        }
        let (way, unread): (Vec<String>, Vec<String>) = unread.into_iter().partition(|p| open.contains(p));
        sent.extend(way);
        order::sort(&mut sent);
        let ignored = divided.ignored.iter().filter_map(|(path, pattern)| self.by(path, *pattern)).collect();
        Ok(PlannedContext { sent, ignored, unread })
    }
}

/// A source of `COPY` as a pattern of `.dockerignore`.
fn as_pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    let path = path.trim_start_matches('/');
    if path.starts_with('!') {
        pattern.push('\\');
    }
    for c in path.chars() {
        if c != '*' || !pattern.ends_with('*') {
            pattern.push(c);
        }
    }
    pattern
}

/// The plan as plain data. `source` is the Dockerfile it was made from.
///
/// # Errors
/// Where the `.dockerignore` of the options cannot be used.
pub fn report(plan: &Plan, source: &[u8], options: &PlanOptions) -> Result<PlanReport, IgnoreError> {
    let index = LineIndex::new(source);
    let ignore = Ignore::new(options.dockerignore.as_deref())?;
    let ignored = |path: &String| ignore.leaves_out(path);
    let stages = plan.stages.iter().enumerate().map(|(i, s)| stage(i, s, &ignored)).collect();
    Ok(PlanReport {
        stages,
        target: plan.target,
        image: plan.image.clone(),
        context_paths: plan.context_paths.clone(),
        context: options.context.as_ref().map(|paths| ignore.divide(paths, &plan.context_paths)).transpose()?,
        diagnostics: plan.diagnostics.iter().map(|d| ParsedDiagnostic::new(d, &index)).collect(),
    })
}

fn stage(index: usize, stage: &Stage, ignored: &dyn Fn(&String) -> Option<IgnoredPath>) -> PlannedStage {
    let base = match &stage.base {
        Base::Scratch => PlannedBase { kind: "scratch", stage: None, reference: None },
        Base::Stage(i) => PlannedBase { kind: "stage", stage: Some(*i), reference: None },
        Base::Image(r) => PlannedBase { kind: "image", stage: None, reference: Some(r.clone()) },
        Base::Context(n) => PlannedBase { kind: "context", stage: None, reference: Some(n.clone()) },
    };
    PlannedStage {
        index,
        name: stage.name.clone(),
        base,
        base_known: stage.base_known,
        platform: stage.platform.as_ref().map(Platform::to_string),
        reachable: stage.reachable,
        implicit: stage.implicit,
        deps: stage.deps.clone(),
        line: stage.lines.from,
        end_line: stage.lines.to,
        steps: stage.steps.iter().map(|s| step(s, ignored)).collect(),
        context_paths: stage.context_paths.clone(),
    }
}

fn step(step: &Step, ignored: &dyn Fn(&String) -> Option<IgnoredPath>) -> PlannedStep {
    let mut planned = PlannedStep {
        instruction: step.name.to_owned(),
        text: step.text.clone(),
        line: step.lines.from,
        end_line: step.lines.to,
        kind: "config",
        creates_layer: step.creates_layer,
        needs_executor: false,
        created_by: step.created_by.clone(),
        onbuild: step.onbuild,
        context_paths: step.context_paths(),
        ignored_paths: Vec::new(),
        from_stage: None,
        unknown: None,
    };
    planned.ignored_paths = planned.context_paths.iter().filter_map(ignored).collect();
    match &step.action {
        Action::Run(_) => {
            planned.kind = "run";
            planned.needs_executor = true;
            planned.unknown = Some("which files the command changes".to_owned());
        }
        Action::Copy(copy) => {
            planned.kind = "layer";
            planned.from_stage = copy.from;
            let remote = copy.sources.iter().any(|s| matches!(s, Source::Http(_) | Source::Git(_)));
            planned.unknown = remote.then(|| "what the address holds when it is built".to_owned());
        }
        Action::Workdir { .. } if step.creates_layer => planned.kind = "layer",
        Action::Workdir { .. } | Action::Config => {}
    }
    planned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    fn planned(text: &str, options: serde_json::Value) -> PlanReport {
        let options: PlanOptions = serde_json::from_value(options).unwrap();
        let plan = crate::plan::plan(&parse(text.as_bytes()), &options.read().unwrap());
        report(&plan, text.as_bytes(), &options).unwrap()
    }

    #[test]
    fn contexts_replace_stages_and_images() {
        let text = "FROM docker.io/library/alpine:latest AS a\nCOPY --from=data /x /\nFROM a AS b\nFROM b\n";
        let image = serde_json::json!({ "architecture": "arm", "os": "linux", "config": { "Env": ["A=1"] } });
        let made = planned(
            text,
            serde_json::json!({ "contexts": { "index.docker.io/library/alpine:latest": { "image": image }, "data": "." } }),
        );
        assert_eq!((made.stages[0].base.kind, made.stages[0].base.reference.as_deref()), ("context", Some("alpine")));
        assert_eq!(made.image.config.env[0], "A=1");
        assert_eq!((made.stages[3].base.kind, made.stages[3].base_known), ("context", true));
        let made = planned(text, serde_json::json!({ "contexts": { "b": "docker-image://x", "data": "." } }));
        assert_eq!((made.stages[1].base.kind, made.stages[1].base_known), ("context", false));
        assert!(!made.stages[0].reachable);
        let made = planned(
            text,
            serde_json::json!({ "contexts": { "b": "docker-image://x" }, "baseConfigs": { "x:latest": image } }),
        );
        assert!(made.stages[1].base_known && made.image.config.env[0] == "A=1");
    }

    #[test]
    fn a_context_is_divided_into_sent_ignored_and_unread() {
        let made = planned(
            "FROM scratch\nCOPY src/*.c package.json /\nCOPY lib /lib/\n",
            serde_json::json!({
                "dockerignore": "# tests\n**/*.test.c\nlib/old",
                "context": ["src/a.c", "src/a.h", "src/a.test.c", "lib/x/y", "lib/old/z", "package.json", "docs/z"],
            }),
        );
        let context = made.context.unwrap();
        assert_eq!(context.sent, ["lib/", "lib/x/", "lib/x/y", "package.json", "src/", "src/a.c"]);
        assert_eq!(context.unread, ["docs/", "docs/z", "src/a.h"]);
        let ignored: Vec<(&str, u32)> = context.ignored.iter().map(|i| (i.path.as_str(), i.line)).collect();
        assert_eq!(ignored, [("lib/old/", 3), ("lib/old/z", 3), ("src/a.test.c", 2)]);
        let whole = planned("FROM scratch\nCOPY . /\n", serde_json::json!({ "context": ["a/b", "!c"] }));
        assert_eq!(whole.context.unwrap().sent, ["!c", "a/", "a/b"]);
        let odd = planned("FROM scratch\nCOPY !c /\n", serde_json::json!({ "context": ["a/b", "!c"] }));
        assert_eq!(odd.context.unwrap().sent, ["!c"]);
    }
}
