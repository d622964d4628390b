//! From a plan to a recipe: only the stages that the target needs, each behind those it reads.

use std::collections::{BTreeMap, BTreeSet};

use super::step::{Action, Base, CopySource, CopyStep, ImageKey, Recipe, RunMount, RunStep, Stage, Step};
use crate::dockerfile::mount::MountKind;
use crate::plan::{self, Plan};

/// A recipe, and which of its steps the history names.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// What is to be done.
    pub recipe: Recipe,
    /// For each stage, the number of the history entry that its steps write, counted from the stage's first; `None` for
    /// a step that the history does not name.
    pub entries: Vec<Vec<Option<usize>>>,
    /// For each stage, how many history entries its instructions write.
    pub written: Vec<usize>,
}

/// `images` are the names of contexts that are images; `default` is the platform of stages that say none.
pub fn recipe(plan: &Plan, images: &BTreeSet<String>, default: &plan::Platform) -> Planned {
    let mut order = Vec::new();
    let mut state = vec![false; plan.stages.len()];
    visit(plan, plan.target, &mut state, &mut order);
    let numbers: BTreeMap<usize, usize> = order.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    let number = |index: &usize| numbers.get(index).copied().unwrap_or(usize::MAX);
    let mut planned = Planned::default();
    for old in &order {
        let Some(stage) = plan.stages.get(*old) else { continue };
        let mut steps = Vec::new();
        let mut entries = Vec::new();
        let mut written = 0;
        for step in &stage.steps {
            let entry = step.created_by.is_some().then_some(written);
            written += usize::from(entry.is_some());
            let action = match &step.action {
                plan::Action::Config => continue,
                // A WORKDIR that is the root makes no layer.
                plan::Action::Workdir { .. } if !step.creates_layer => continue,
                plan::Action::Workdir { path, user } => Action::Workdir { path: path.clone(), user: user.clone() },
                plan::Action::Copy(copy) => Action::Copy(copy_step(copy, |index| Base::Stage(number(&index)))),
                plan::Action::Run(run) => Action::Run(run_step(run, |index| Base::Stage(number(&index)))),
            };
            entries.push(entry);
            steps.push(Step { line: step.lines.from, text: step.text.clone(), action });
        }
        let image = |name: &String| {
            let platform = stage.platform.as_ref().unwrap_or(default).normalized().full();
            Base::Image(ImageKey { name: name.clone(), platform })
        };
        let base = match &stage.base {
            plan::Base::Scratch => Base::Scratch,
            plan::Base::Stage(index) => Base::Stage(number(index)),
            plan::Base::Image(name) => image(name),
            plan::Base::Context(name) if images.contains(name) => image(name),
            plan::Base::Context(name) => Base::Context(Some(name.clone())),
        };
        let name = stage.name.clone().unwrap_or_else(|| format!("stage-{old}"));
        planned.recipe.stages.push(Stage { name, base, line: stage.lines.from, steps });
        planned.entries.push(entries);
        planned.written.push(written);
    }
    planned.recipe.target = numbers.get(&plan.target).copied().unwrap_or_default();
    planned
}

/// Puts a stage behind all that it needs. A circle has been refused by the plan; here it merely ends.
fn visit(plan: &Plan, start: usize, seen: &mut [bool], order: &mut Vec<usize>) {
    // The second time a stage comes up, all it needs is done.
    let mut waiting = vec![(start, false)];
    while let Some((index, ready)) = waiting.pop() {
        if ready {
            order.push(index);
            continue;
        }
        let (Some(flag), Some(stage)) = (seen.get_mut(index), plan.stages.get(index)) else { continue };
        if std::mem::replace(flag, true) {
            continue;
        }
        waiting.push((index, true));
        if let plan::Base::Stage(parent) = &stage.base {
            waiting.push((*parent, false));
        }
        for step in &stage.steps {
            match &step.action {
                plan::Action::Copy(copy) => waiting.extend(copy.from.map(|index| (index, false))),
                plan::Action::Run(run) => {
                    waiting.extend(run.mounts.iter().filter_map(|(_, from)| from.map(|index| (index, false))));
                }
                _ => {}
            }
        }
    }
}

fn copy_step(copy: &plan::step::Copy, stage: impl Fn(usize) -> Base) -> CopyStep {
    let mut sources = Vec::new();
    let mut inline = Vec::new();
    for source in &copy.sources {
        match source {
            plan::step::Source::Path(path) => sources.push(CopySource::Path(path.clone())),
            plan::step::Source::Http(address) => sources.push(CopySource::Http(address.clone())),
            plan::step::Source::Git(address) => sources.push(CopySource::Git(address.clone())),
            plan::step::Source::Inline(name, text) => inline.push((name.clone(), text.clone())),
        }
    }
    CopyStep {
        add: copy.add,
        from: copy.from.map_or(Base::Context(None), stage),
        sources,
        inline,
        destination: copy.dest.clone(),
        chown: copy.chown.clone(),
        chmod: copy.chmod.clone(),
        link: copy.link,
        parents: copy.parents,
        exclude: copy.exclude.clone(),
        checksum: copy.checksum.clone(),
        unpack: copy.unpack,
    }
}

fn run_step(run: &plan::step::Run, stage: impl Fn(usize) -> Base) -> RunStep {
    let mounts = run.mounts.iter().map(|(mount, from)| RunMount {
        from: match (from, mount.kind) {
            (Some(index), _) => Some(stage(*index)),
            (None, MountKind::Bind) => Some(Base::Context(None)),
            (None, _) => None,
        },
        mount: mount.clone(),
    });
    RunStep {
        arguments: run.args.clone(),
        environment: run.env.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        directory: run.cwd.clone(),
        user: run.user.clone(),
        network: run.network.clone(),
        security: run.security.clone(),
        mounts: mounts.collect(),
        file: run.file.clone(),
    }
}
