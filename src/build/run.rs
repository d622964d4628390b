//! Carries out the stages of a recipe.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::apply::apply;
use super::base::BaseImage;
use super::cache::{self, CachedLayer, Key, Ports, StepEvent, StepState};
use super::copy::{CopyError, CopyOptions, copy};
use super::diff::{Change, diff};
use super::error::{BuildError, StepError};
use super::execute::{Call, RunError};
use super::fetch::{Fetch, fetched};
use super::glob;
use super::layer::{LayerBlob, LayerCompression};
use super::mode::Mode;
use super::owner::Owner;
use super::same::keep_same;
use super::step::{Action, Base, CopySource, CopyStep, ImageKey, Recipe, RunStep, Step};
use super::tree::{Content, Kind, Meta, Node, Tree, clean, show};
use super::unpack::{UnpackLimits, Unpacked, Unpacker};
use super::user::Identity;
use super::write::{MemberSink, read, write_layer};
use crate::archive::tar_write::Time;
use crate::dockerfile::patterns::Patterns;
use crate::image::save::Piece;
use crate::oci::Digest;

/// What an asynchronous port gives.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + 'a>>;

/// Where a build gets bytes from and whom it tells how far it is.
pub trait Host {
    /// Hands over the members `entries` of a layer of an image that was given, in one pass over that layer: in the order
    /// of its tar, those without content first.
    fn members<'a>(
        &'a self,
        image: u32,
        layer: u32,
        entries: &'a BTreeSet<u32>,
        sink: &'a mut dyn MemberSink,
    ) -> Answer<'a, ()>;

    /// The images whose members it gives, by their numbers: for who reads them later, or on his own.
    fn images(&self) -> &[BaseImage];

    /// Told before each step: how many are done, how many there are, and which comes. It may wait for its listener.
    fn progress<'a>(&'a self, done: u64, total: u64, item: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>>;
}

/// What happens at a `RUN` that no executor takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnRun {
    /// The build stops there with an error.
    #[default]
    Fail,
    /// The step is left out and named in [`Outcome::skipped`].
    Skip,
}

/// How layers are made.
#[derive(Clone, Default)]
pub struct RunOptions {
    /// The compression of new layers.
    pub compression: LayerCompression,
    /// The time of directories that the build makes by itself.
    pub made: Time,
    /// Times in new layers that are later become this.
    pub latest: Option<Time>,
    /// What happens at `RUN`.
    pub on_run: OnRun,
    /// Bounds of archives that `ADD` unpacks.
    pub unpack: UnpackLimits,
    /// The platform that is built, as `linux/amd64`.
    pub platform: String,
    /// Who gets what `ADD` names by its address.
    pub fetch: Option<Rc<dyn Fetch>>,
}

/// Trees that a recipe starts from.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The main context, `.dockerignore` applied.
    pub context: Tree,
    /// Further contexts by name.
    pub contexts: BTreeMap<String, Tree>,
    /// Images, each for a platform.
    pub images: BTreeMap<ImageKey, Tree>,
    /// Their numbers among [`Host::images`].
    pub numbers: BTreeMap<ImageKey, usize>,
}

/// What a build made.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The layers on top of the image that the target's first stage starts from (or of nothing), in order.
    pub layers: Vec<CachedLayer>,
    /// That image.
    pub base: Option<ImageKey>,
    /// The steps that were left out.
    pub skipped: Vec<Skipped>,
    /// The file system of the image.
    pub tree: Tree,
}

/// A step that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The index of its stage in the recipe.
    pub stage: usize,
    /// The index of the step in its stage.
    pub step: usize,
    /// Its line in the Dockerfile, from 1.
    pub line: u32,
    /// The instruction.
    pub text: String,
}

/// Carries out a recipe.
pub async fn run(
    recipe: &Recipe,
    inputs: &Inputs,
    options: &RunOptions,
    host: &dyn Host,
    ports: &Ports<'_>,
) -> Result<Outcome, BuildError> {
    let total = recipe.stages.iter().map(|stage| stage.steps.len() as u64).sum();
    // Only what the target stands on becomes layers; other stages are trees to copy from.
    let mut layered = vec![false; recipe.stages.len()];
    let mut at = Some(recipe.target);
    let mut base = None;
    while let Some(stage) = at {
        let (Some(flag), Some(node)) = (layered.get_mut(stage), recipe.stages.get(stage)) else { break };
        if *flag {
            break;
        }
        *flag = true;
        at = match &node.base {
            Base::Stage(parent) => Some(*parent),
            Base::Image(name) => {
                base = Some(name.clone());
                None
            }
            _ => None,
        };
    }
    let mut builder = Builder {
        inputs,
        options,
        host,
        ports,
        trees: Vec::new(),
        keys: Vec::new(),
        skipped: Vec::new(),
        done: 0,
        total,
    };
    let mut layers = Vec::new();
    for ((number, stage), layered) in recipe.stages.iter().enumerate().zip(layered) {
        let mut empty = false;
        let mut tree = match &stage.base {
            Base::Scratch => {
                empty = true;
                Tree::default()
            }
            other => builder
                .source(other)
                .cloned()
                .ok_or_else(|| BuildError::BaseMissing { line: stage.line, name: name_of(other) })?,
        };
        if layered && matches!(stage.base, Base::Context(_)) {
            let from = |cause| BuildError::Step { line: stage.line, instruction: "FROM".to_owned(), cause };
            layers.push(made(builder.layer(&diff(&Tree::default(), &tree)).await.map_err(from)?));
        }
        let mut key = match builder.ports.cache {
            Some(_) => Some(builder.stage_key(&stage.base, &tree).await.map_err(|cause| BuildError::Step {
                line: stage.line,
                instruction: "FROM".to_owned(),
                cause,
            })?),
            None => None,
        };
        let several = recipe.stages.len() > 1;
        let about = |step: usize, line: u32, text, state| StepEvent {
            stage: several.then_some(stage.name.as_str()),
            step,
            steps: stage.steps.len() + 1,
            platform: &options.platform,
            line,
            text,
            state,
        };
        let from = format!("FROM {}", name_of(&stage.base));
        ports.tell(about(1, stage.line, &from, StepState::Begun)).await;
        ports.tell(about(1, stage.line, &from, StepState::Done)).await;
        for (at, step) in stage.steps.iter().enumerate() {
            let wrong =
                |cause| BuildError::Step { line: step.line, instruction: step.text.chars().take(120).collect(), cause };
            host.progress(builder.done, builder.total, &step.text).await;
            builder.done += 1;
            ports.tell(about(at + 2, step.line, &step.text, StepState::Begun)).await;
            let outcome = builder.kept_or_made(step, &tree, empty, layered, &mut key).await.map_err(wrong)?;
            let Some((after, layer, cached)) = outcome else {
                let (line, text) = (step.line, step.text.clone());
                builder.skipped.push(Skipped { stage: number, step: at, line, text });
                key = key.map(|key| Key::new("skipped").with(key.as_str()).with(&step.text).done());
                ports.tell(about(at + 2, step.line, &step.text, StepState::Skipped)).await;
                continue;
            };
            empty = false;
            layers.extend(layer);
            tree = after;
            let state = if cached { StepState::Cached } else { StepState::Done };
            ports.tell(about(at + 2, step.line, &step.text, state)).await;
        }
        builder.trees.push(tree);
        builder.keys.push(key);
    }
    host.progress(total, total, "").await;
    let Builder { mut trees, skipped, .. } = builder;
    let tree = if recipe.target < trees.len() { trees.swap_remove(recipe.target) } else { Tree::default() };
    Ok(Outcome { layers, base, skipped, tree })
}

fn name_of(base: &Base) -> String {
    match base {
        Base::Scratch => "scratch".to_owned(),
        Base::Stage(index) => index.to_string(),
        Base::Image(key) => key.name.clone(),
        Base::Context(name) => name.clone().unwrap_or_else(|| "context".to_owned()),
    }
}

fn made(layer: LayerBlob) -> CachedLayer {
    CachedLayer { digest: layer.digest, diff_id: layer.diff_id, blob: Piece::Bytes(layer.bytes.into()) }
}

struct Builder<'a> {
    inputs: &'a Inputs,
    options: &'a RunOptions,
    host: &'a dyn Host,
    ports: &'a Ports<'a>,
    /// What each stage that is done comes from, where layers are kept.
    keys: Vec<Option<Digest>>,
    /// The trees of the stages that are done.
    trees: Vec<Tree>,
    skipped: Vec<Skipped>,
    done: u64,
    total: u64,
}

impl Builder<'_> {
    fn source(&self, base: &Base) -> Option<&Tree> {
        match base {
            Base::Scratch => None,
            Base::Stage(index) => self.trees.get(*index),
            Base::Image(name) => self.inputs.images.get(name),
            Base::Context(None) => Some(&self.inputs.context),
            Base::Context(Some(name)) => self.inputs.contexts.get(name),
        }
    }

    async fn layer(&self, changes: &[Change]) -> Result<LayerBlob, StepError> {
        write_layer(changes, self.options.compression, self.options.latest, self.host).await
    }

    /// What a stage starts from.
    async fn stage_key(&self, base: &Base, tree: &Tree) -> Result<Digest, StepError> {
        Ok(match base {
            Base::Scratch => Key::new("scratch").done(),
            Base::Stage(index) => match self.keys.get(*index) {
                Some(Some(key)) => key.clone(),
                _ => cache::of_changes(&diff(&Tree::default(), tree), self.host).await?,
            },
            Base::Image(name) => {
                let number = self.inputs.numbers.get(name).copied().unwrap_or(usize::MAX);
                cache::of_image(self.host, number)
            }
            Base::Context(_) => cache::of_changes(&diff(&Tree::default(), tree), self.host).await?,
        })
    }

    /// The tree after a step, its layer where it is `layered`, and whether that was there already; `None` where the step was
    /// left out. `key` becomes that of the step.
    async fn kept_or_made(
        &mut self,
        step: &Step,
        tree: &Tree,
        empty: bool,
        layered: bool,
        key: &mut Option<Digest>,
    ) -> Result<Option<(Tree, Option<CachedLayer>, bool)>, StepError> {
        let (Some(cache), Some(before)) = (self.ports.cache, key.clone()) else {
            let Some((after, changes)) = self.step(step, tree, empty).await? else { return Ok(None) };
            let layer = if layered { Some(made(self.layer(&changes).await?)) } else { None };
            return Ok(Some((after, layer, false)));
        };
        if let Action::Run(run) = &step.action {
            let mounts: Vec<Option<&Tree>> =
                run.mounts.iter().map(|mount| mount.from.as_ref().and_then(|from| self.source(from))).collect();
            let own = cache::of_run(&before, run, &mounts, self.options, self.host).await?;
            // One that cannot be unpacked is as good as none.
            if let Some(kept) = cache.get(&own).await
                && let Ok(tar) = cache::unpacked(&kept.blob).await
                && let Ok(after) = apply(tree, Rc::new(tar)).await
            {
                *key = Some(own);
                return Ok(Some((after, layered.then_some(kept), true)));
            }
            let Some((after, changes)) = self.step(step, tree, empty).await? else { return Ok(None) };
            let layer = self.layer(&changes).await?;
            cache.put(&own, &layer).await;
            *key = Some(own);
            return Ok(Some((after, layered.then(|| made(layer)), false)));
        }
        // All others are cheap to do; what costs is to make a layer of it.
        let Some((after, changes)) = self.step(step, tree, empty).await? else { return Ok(None) };
        let own = cache::of_step(&before, step, &changes, self.options, self.host).await?;
        *key = Some(own.clone());
        if !layered {
            return Ok(Some((after, None, false)));
        }
        if let Some(kept) = cache.get(&own).await {
            return Ok(Some((after, Some(kept), true)));
        }
        let layer = self.layer(&changes).await?;
        cache.put(&own, &layer).await;
        Ok(Some((after, Some(made(layer)), false)))
    }

    /// The tree after a step and what its layer holds; `None` where the step was left out.
    async fn step(&mut self, step: &Step, tree: &Tree, empty: bool) -> Result<Option<(Tree, Vec<Change>)>, StepError> {
        match &step.action {
            Action::Workdir { path, user } => {
                let owner = match user.is_empty() {
                    true => (0, 0),
                    false => self.owner(user, (!empty).then_some(tree)).await?,
                };
                let mut after = tree.clone();
                let at = after.resolve(path.as_bytes())?;
                let meta =
                    Meta { mode: 0o755, uid: owner.0, gid: owner.1, mtime: self.options.made, ..Meta::default() };
                after.make_dirs(&at, &meta)?;
                let changes = diff(tree, &after);
                Ok(Some((after, changes)))
            }
            Action::Copy(copy) => {
                let from = if copy.sources.is_empty() {
                    Tree::default()
                } else {
                    self.source(&copy.from).cloned().ok_or_else(|| StepError::NoSource(name_of(&copy.from)))?
                };
                if copy.link {
                    let made = self.copy(copy, &from, Tree::default(), None).await?;
                    let changes = diff(&Tree::default(), &made);
                    let mut after = tree.clone();
                    after.merge(&made);
                    return Ok(Some((after, changes)));
                }
                let after = self.copy(copy, &from, tree.clone(), (!empty).then_some(tree)).await?;
                let changes = diff(tree, &after);
                Ok(Some((after, changes)))
            }
            Action::Run(command) => {
                if !self.ports.executors.is_empty() {
                    let call = self.call(command, step, tree).await?;
                    for executor in self.ports.executors {
                        if let Some(after) = executor.run(&call).await.map_err(StepError::Run)? {
                            let after = keep_same(tree, after, self.host).await?;
                            let changes = diff(tree, &after);
                            return Ok(Some((after, changes)));
                        }
                    }
                }
                match self.options.on_run {
                    OnRun::Fail => Err(StepError::NoExecutor),
                    OnRun::Skip => Ok(None),
                }
            }
        }
    }

    /// A `RUN` with all that belongs to it.
    async fn call<'a>(&'a self, run: &'a RunStep, step: &'a Step, tree: &'a Tree) -> Result<Call<'a>, StepError> {
        let passwd = self.lookup(true, b"/etc/passwd", Some(tree), &run.user).await?;
        let group = self.lookup(true, b"/etc/group", Some(tree), &run.user).await?;
        let identity = Identity::look_up(&run.user, &passwd, &group)
            .map_err(|message| StepError::Run(RunError::Other(message)))?;
        let mut mounts = Vec::new();
        for mount in &run.mounts {
            mounts.push(match &mount.from {
                Some(from) => Some(self.source(from).ok_or_else(|| StepError::NoSource(name_of(from)))?),
                None => None,
            });
        }
        let platform = &self.options.platform;
        Ok(Call { step: run, line: step.line, text: &step.text, platform, identity, tree, mounts, host: self.host })
    }

    async fn copy(
        &self,
        step: &CopyStep,
        from: &Tree,
        mut into: Tree,
        users: Option<&Tree>,
    ) -> Result<Tree, StepError> {
        let owner = match &step.chown {
            Some(text) => Some(self.owner(text, users).await?),
            None => None,
        };
        let mode = step.chmod.as_deref().map(Mode::parse).transpose()?;
        let exclude = match step.exclude.is_empty() {
            true => None,
            false => Some(Patterns::new(step.exclude.iter().map(String::as_str))?),
        };
        let mut options = CopyOptions { owner, mode, include: None, exclude, made: self.options.made };
        let destination = step.destination.as_bytes();
        for source in &step.sources {
            options.include = None;
            let (written, mut source) = match source {
                CopySource::Path(path) => (path, path.as_str()),
                CopySource::Git(address) => return Err(StepError::Git(address.clone())),
                CopySource::Http(address) => {
                    let checksum = step.checksum.as_deref();
                    let (tree, name) = fetched(self.options.fetch.as_ref(), address, checksum).await?;
                    let unpacked = match step.unpack {
                        Some(true) => self.unpack(&tree, &name, &into, destination, &options).await?,
                        _ => None,
                    };
                    match unpacked {
                        Some(unpacked) => into = unpacked,
                        None => copy(&mut into, destination, &tree, &name, &options)?,
                    }
                    continue;
                }
            };
            if step.parents {
                // `/./` in a source says from where on its directories are kept.
                let (base, kept) = source.split_once("/./").unwrap_or(("/", source));
                let kept = show(&clean(kept.as_bytes()));
                let pattern = kept.trim_start_matches('/');
                if pattern.is_empty() {
                    options.include = None;
                } else {
                    if !glob::has_wildcard(pattern.as_bytes()) {
                        self.must_exist(from, base, pattern)?;
                    }
                    options.include = Some(Patterns::new([pattern])?);
                }
                source = base;
            }
            let cleaned = clean(source.as_bytes());
            let sources = if cleaned.iter().any(|name| glob::has_wildcard(name)) {
                let pattern = cleaned.join(&b'/');
                let found = glob::expand(from, &pattern)?;
                let found = found.ok_or_else(|| CopyError::NotFound(written.clone()))?;
                found.into_iter().map(|path| path.join(&b'/')).collect()
            } else {
                vec![cleaned.join(&b'/')]
            };
            for source in sources {
                if step.unpack.unwrap_or(step.add)
                    && let Some(unpacked) = self.unpack(from, &source, &into, destination, &options).await?
                {
                    into = unpacked;
                    continue;
                }
                copy(&mut into, destination, from, &source, &options)?;
            }
        }
        options.include = None;
        options.exclude = None;
        for (name, text) in &step.inline {
            let meta = Meta { mode: 0o644, mtime: self.options.made, ..Meta::default() };
            let node = Node { meta, kind: Kind::File(Content::bytes(text.clone().into_bytes())) };
            let mut document = Tree::default();
            let path = clean(name.as_bytes());
            if let Some(parent) = path.get(..path.len().saturating_sub(1)) {
                document.make_dirs(parent, &Meta { mode: 0o755, ..Meta::default() })?;
            }
            document.put(&path, Rc::new(node))?;
            copy(&mut into, destination, &document, name.as_bytes(), &options)?;
        }
        Ok(into)
    }

    /// `--parents` with a plain name that is not there is an error, as without `--parents`.
    fn must_exist(&self, from: &Tree, base: &str, pattern: &str) -> Result<(), StepError> {
        let path = format!("{base}/{pattern}");
        match from.get(&from.resolve_parent(path.as_bytes())?) {
            Some(_) => Ok(()),
            None => Err(CopyError::NotFound(show(&clean(path.as_bytes()))).into()),
        }
    }

    /// `into` with the archive that `source` is unpacked at `destination`; `None` where it is no archive.
    async fn unpack(
        &self,
        from: &Tree,
        source: &[u8],
        into: &Tree,
        destination: &[u8],
        options: &CopyOptions,
    ) -> Result<Option<Tree>, StepError> {
        const CHUNK: u64 = 1 << 18;
        let path = from.resolve(source)?;
        let Some(Kind::File(content)) = from.get(&path).map(|node| &node.kind) else { return Ok(None) };
        let text = String::from_utf8_lossy(source).into_owned();
        let wrong = |source| StepError::Unpack { path: text.clone(), source };
        let (uid, gid) = options.owner.unwrap_or_default();
        let made = Meta { mode: 0o755, uid, gid, mtime: options.made, ..Meta::default() };
        let at = into.resolve(destination)?;
        let mut unpacker = match Unpacker::new(into.clone(), at, &made, options.owner, self.options.unpack) {
            Ok(unpacker) => unpacker,
            // The copier finds the same obstacle if this is no archive, and says so better.
            Err(error) => return Err(error.into()),
        };
        let size = content.size();
        let mut offset = 0;
        while offset < size {
            let piece = read(self.host, content, offset, CHUNK.min(size - offset), &text).await?;
            if piece.is_empty() {
                break;
            }
            offset += piece.len() as u64;
            if !unpacker.push(&piece).map_err(wrong)? {
                break;
            }
        }
        match unpacker.finish().map_err(wrong)? {
            Unpacked::Tree(tree) => Ok(Some(tree)),
            Unpacked::NotAnArchive => Ok(None),
        }
    }

    /// The numbers of an owner, looked up in `users`.
    async fn owner(&self, text: &str, users: Option<&Tree>) -> Result<(u64, u64), StepError> {
        let owner = Owner::parse(text);
        let passwd = self.lookup(owner.names_user(), b"/etc/passwd", users, text).await?;
        let group = self.lookup(owner.names_group(), b"/etc/group", users, text).await?;
        Ok(owner.resolve(&passwd, &group))
    }

    async fn lookup(&self, wanted: bool, path: &[u8], users: Option<&Tree>, text: &str) -> Result<Vec<u8>, StepError> {
        if !wanted {
            return Ok(Vec::new());
        }
        let tree = users.ok_or_else(|| StepError::NoUsers(text.to_owned()))?;
        let Ok(at) = tree.resolve(path) else { return Ok(Vec::new()) };
        let Some(Kind::File(content)) = tree.get(&at).map(|node| &node.kind) else { return Ok(Vec::new()) };
        // As much of it as could be a real one.
        let size = content.size().min(16 << 20);
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < size {
            let offset = bytes.len() as u64;
            bytes.extend_from_slice(&read(self.host, content, offset, size - offset, &show(&at)).await?);
        }
        Ok(bytes)
    }
}
