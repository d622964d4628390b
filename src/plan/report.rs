//! The plan as plain data, for JavaScript and JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::image::Image;
use super::platform::{Platform, PlatformError};
use super::step::{Action, Source};
use super::{Base, Options, Plan, Stage, Step};
use crate::dockerfile::dockerignore::{self, IgnoreError, Matcher};
use crate::dockerfile::report::ParsedDiagnostic;
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
    /// Configurations of base images, by reference as written or in full.
    #[cfg_attr(feature = "js", tsify(optional, type = "Record<string, ImageConfiguration>"))]
    pub base_configs: BTreeMap<String, Image>,
    /// Give the plan as far as it is known where BuildKit would refuse, instead of failing.
    #[cfg_attr(feature = "js", tsify(optional))]
    pub partial: bool,
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
        let full = |name: &String| super::reference::normalize(name).unwrap_or_else(|_| name.clone());
        Ok(Options {
            target: self.target.clone(),
            platform: platform(&self.platform)?,
            build_platform: platform(&self.build_platform)?,
            build_args: self.build_args.clone(),
            labels: self.labels.clone(),
            base_configs: self.base_configs.iter().map(|(k, v)| (full(k), v.clone())).collect(),
            platform_configs: BTreeMap::new(),
            contexts: BTreeMap::new(),
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
}

/// The plan as plain data. `source` is the Dockerfile it was made from.
///
/// # Errors
/// Where the `.dockerignore` of the options cannot be used.
pub fn report(plan: &Plan, source: &[u8], options: &PlanOptions) -> Result<PlanReport, IgnoreError> {
    let index = LineIndex::new(source);
    let patterns = options.dockerignore.as_deref().map(dockerignore::read).unwrap_or_default();
    let matcher = Matcher::new(&patterns)?;
    let ignored = |path: &String| {
        let decision = matcher.decide(path.trim_start_matches('/')).ok().flatten().filter(|d| d.ignored)?;
        Some(IgnoredPath { path: path.clone(), pattern: patterns.get(decision.pattern)?.clone() })
    };
    let stages = plan.stages.iter().enumerate().map(|(i, s)| stage(i, s, &ignored)).collect();
    Ok(PlanReport {
        stages,
        target: plan.target,
        image: plan.image.clone(),
        context_paths: plan.context_paths.clone(),
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
