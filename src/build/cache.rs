//! Layers of earlier builds, found again by what they come from.
//!
//! A step's key is a hash of the step, of the key of all before it, and of the content of what it reads. As with BuildKit,
//! times of files are not part of it: a fresh checkout finds the layers of the last one, with the times of that. Secrets and
//! the content of cache mounts are not part of it either.

use std::future::Future;
use std::pin::Pin;

use sha2::{Digest as _, Sha256};

use super::diff::{Change, ChangeKind, diff};
use super::error::StepError;
use super::layer::LayerBlob;
use super::run::{Host, RunOptions};
use super::same;
use super::step::{Action, CopyStep, RunStep, Step};
use super::tree::{Content, Kind, Tree};
use crate::archive::decode::{DecodeError, DecodeLimits, Decoder, sniff};
use crate::image::save::Piece;
use crate::oci::Digest;

/// A layer that was kept.
#[derive(Clone, Debug)]
pub struct CachedLayer {
    /// The digest of the blob.
    pub digest: Digest,
    /// The digest of the uncompressed tar.
    pub diff_id: Digest,
    /// The blob, its digest checked by who kept it.
    pub blob: Piece,
}

/// What a cache answers.
pub type Found<'a> = Pin<Box<dyn Future<Output = Option<CachedLayer>> + 'a>>;

/// Keeps layers by their keys. It never fails: what cannot be kept or found is made anew.
pub trait Cache {
    /// The layer with that key.
    fn get<'a>(&'a self, key: &'a Digest) -> Found<'a>;

    /// Keeps a layer.
    fn put<'a>(&'a self, key: &'a Digest, layer: &'a LayerBlob) -> Pin<Box<dyn Future<Output = ()> + 'a>>;
}

/// A key that is being put together, part by part.
pub(super) struct Key(Sha256);

impl Key {
    pub(super) fn new(kind: &str) -> Self {
        let key = Self(Sha256::new());
        // The version of what keys are made of.
        key.with("layerwright build cache 1").with(kind)
    }

    /// With a further part. Its length goes in too, so that no two lists of parts give one key.
    pub(super) fn with(mut self, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    pub(super) fn done(self) -> Digest {
        Digest::sha256(&self.0.finalize().into())
    }
}

/// The key of an image's layers that a stage starts from.
pub(super) fn of_image(host: &dyn Host, number: usize) -> Digest {
    let base = host.images().get(number);
    let manifest = base.and_then(|base| base.image.manifests.get(base.manifest));
    Key::new("image").with(manifest.map_or("", |manifest| manifest.digest.as_str())).done()
}

/// The key of a step whose changes are known.
///
/// # Errors
/// As [`of_changes`].
pub(super) async fn of_step(
    before: &Digest,
    step: &Step,
    changes: &[Change],
    options: &RunOptions,
    host: &dyn Host,
) -> Result<Digest, StepError> {
    let content = of_changes(changes, host).await?;
    let kind = match &step.action {
        Action::Copy(CopyStep { link: true, .. }) => "link",
        Action::Copy(_) => "copy",
        Action::Workdir { .. } => "workdir",
        Action::Run(_) => "run",
    };
    Ok(settings(Key::new(kind), options).with(before.as_str()).with(content.as_str()).done())
}

/// The key of a `RUN`, whose changes only a run can tell.
///
/// # Errors
/// As [`of_changes`].
pub(super) async fn of_run(
    before: &Digest,
    run: &RunStep,
    mounts: &[Option<&Tree>],
    options: &RunOptions,
    host: &dyn Host,
) -> Result<Digest, StepError> {
    let mut key = settings(Key::new("command"), options).with(before.as_str()).with(&options.platform);
    for part in run.arguments.iter().chain(&run.environment) {
        key = key.with(part);
    }
    key = key.with(run.arguments.len().to_string()).with(&run.directory).with(&run.user);
    key = key.with(format!("{:?} {:?} {:?}", run.network, run.security, run.file));
    for (mount, tree) in run.mounts.iter().zip(mounts) {
        key = key.with(format!("{:?}", mount.mount));
        let Some(tree) = tree else { continue };
        let source = tree.resolve(mount.mount.source.as_bytes())?;
        if let Some(node) = tree.get(&source) {
            let mut shown = Tree::default();
            shown.put(
                if node.is_dir() { &[] } else { source.get(source.len().saturating_sub(1)..).unwrap_or_default() },
                node.clone(),
            )?;
            key = key.with(of_changes(&diff(&Tree::default(), &shown), host).await?.as_str());
        }
    }
    Ok(key.done())
}

/// What decides about a layer's bytes beside the step.
fn settings(key: Key, options: &RunOptions) -> Key {
    key.with(format!("{:?} {:?} {:?}", options.compression, options.made, options.latest))
}

/// The digest of what a layer would say, times left out.
///
/// # Errors
/// [`StepError::Read`]: a file cannot be read.
pub(super) async fn of_changes(changes: &[Change], host: &dyn Host) -> Result<Digest, StepError> {
    let mut key = Key::new("changes");
    for change in changes {
        let member = change.member(None);
        key = key.with(&member.path).with(format!("{:?} {} {} {}", member.kind, member.mode, member.uid, member.gid));
        for (name, value) in &member.xattrs {
            key = key.with(name).with(value);
        }
        let ChangeKind::Node(node) = &change.kind else { continue };
        if let Kind::File(content) = &node.kind {
            key = key.with(of_content(content, host, &change.path).await?);
        }
    }
    Ok(key.done())
}

async fn of_content(content: &Content, host: &dyn Host, path: &[u8]) -> Result<Vec<u8>, StepError> {
    if let Content::Layer { image, layer, entry, .. } = content {
        let base = host.images().get(*image as usize);
        let manifest = base.and_then(|base| base.image.manifests.get(base.manifest));
        let layer = manifest.and_then(|manifest| manifest.layers.get(*layer as usize));
        let name = layer.map(|layer| layer.name()).unwrap_or_default();
        return Ok(format!("{name} {entry}").into_bytes());
    }
    if let Content::Source { source, offset: 0, size } = content
        && *size == source.size()
        && let Some(known) = source.sha256().await
    {
        return Ok(known);
    }
    Ok(same::hash(host, content, &String::from_utf8_lossy(path)).await?.unwrap_or_default())
}

/// The tar in the blob of a kept layer.
///
/// # Errors
/// A message.
pub(super) async fn unpacked(blob: &Piece) -> Result<Vec<u8>, String> {
    const CHUNK: usize = 1 << 20;
    let mut tar = Vec::new();
    let mut decoder: Option<Decoder> = None;
    let mut at = 0;
    while at < blob.size() {
        let bytes = blob.read(at, CHUNK).await.map_err(|error| error.0)?;
        if bytes.is_empty() {
            return Err("the kept layer is cut off".to_owned());
        }
        at += bytes.len() as u64;
        if decoder.is_none() {
            decoder =
                Some(Decoder::new(sniff(&bytes), DecodeLimits::default()).ok_or("the kept layer cannot be read")?);
        }
        if let Some(decoder) = &mut decoder {
            let pushed = decoder.push::<DecodeError>(&bytes, &mut |piece| {
                tar.extend_from_slice(piece);
                Ok(())
            });
            pushed.map_err(|error| error.to_string())?;
        }
    }
    if let Some(decoder) = &mut decoder {
        let ended = decoder.finish::<DecodeError>(&mut |piece| {
            tar.extend_from_slice(piece);
            Ok(())
        });
        ended.map_err(|error| error.to_string())?;
    }
    Ok(tar)
}

/// What becomes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// It begins.
    Begun,
    /// It is done.
    Done,
    /// It is done, and its layer was there already.
    Cached,
    /// It was left out.
    Skipped,
}

/// A step and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct StepEvent<'a> {
    /// The stage by its name, or its number among the stages that are built; `None` where there is one only.
    pub stage: Option<&'a str>,
    /// The number of the step in its stage: 1 is its `FROM`.
    pub step: usize,
    /// How many there are.
    pub steps: usize,
    /// The platform that is built.
    pub platform: &'a str,
    /// Its line in the Dockerfile, from 1.
    pub line: u32,
    /// The instruction.
    pub text: &'a str,
    /// What becomes of it.
    pub state: StepState,
}

/// Is told what becomes of each step.
pub trait Listener {
    /// Called at its beginning and at its end.
    fn step<'a>(&'a self, event: StepEvent<'a>) -> Pin<Box<dyn Future<Output = ()> + 'a>>;
}

/// What a build has beside its inputs.
#[derive(Clone, Copy, Default)]
pub struct Ports<'a> {
    /// Who runs commands, the first that takes a step.
    pub executors: &'a [&'a dyn super::execute::Executor],
    /// Where layers are kept.
    pub cache: Option<&'a dyn Cache>,
    /// Who is told of steps.
    pub listener: Option<&'a dyn Listener>,
}

impl Ports<'_> {
    pub(super) async fn tell(&self, event: StepEvent<'_>) {
        if let Some(listener) = self.listener {
            listener.step(event).await;
        }
    }
}
