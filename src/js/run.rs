//! `RUN` for JavaScript: executors that the host has, and the files of a stage as they see them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::image::{HostSource, HostWatch, Json, current, task};
use super::task::Task;
use super::{error, to_js};
use crate::archive::tar_write::{END, Member, TarWriteError, padding};
use crate::build::apply::apply;
use crate::build::base::{BaseImage, BaseImages};
use crate::build::cache::{Cache, CachedLayer, Found, Listener, StepEvent, StepState};
use crate::build::diff::{ChangeKind, diff};
use crate::build::error::StepError;
use crate::build::execute::{Call, Executor, Ran, RunError};
use crate::build::layer::LayerBlob;
use crate::build::tree::{Kind, Tree, clean, show};
use crate::build::write::{LayerOut, read, write_members};
use crate::image::save::Piece;
use crate::image::{LocalFuture, Source, Step, Watch};
use crate::oci::Digest;

/// A `RUN` as an executor gets it.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct RunStepInfo {
    /// The line of its instruction in the Dockerfile, from 1.
    pub line: u32,
    /// The instruction as the history tells it.
    pub text: String,
    /// The platform that is being built, as `linux/amd64`.
    pub platform: String,
    /// The arguments of the process, the shell included.
    pub args: Vec<String>,
    /// Its environment: `ENV`, `ARG`, and `HOME` where they do not set it.
    #[tsify(type = "Record<string, string>")]
    pub env: BTreeMap<String, String>,
    /// Its working directory, which exists in the stage.
    pub cwd: String,
    /// `USER` as written, empty for root.
    pub user: String,
    /// Its number, looked up in the stage.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
    /// The further groups it is in.
    pub groups: Vec<u32>,
    /// `--network`, where it is given: `default`, `none` or `host`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// `--security`, where it is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security: Option<String>,
    /// A script that has to lie at this path during the run, executable: a here-document that begins with `#!`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<RunScript>,
    /// `--mount`, in order.
    pub mounts: Vec<RunMountInfo>,
}

/// A script for the time of a run.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
pub struct RunScript {
    /// Where it lies.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// A `RUN --mount`.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct RunMountInfo {
    /// `bind`, `cache`, `tmpfs`, `secret` or `ssh`.
    #[serde(rename = "type")]
    #[tsify(type = "\"bind\" | \"cache\" | \"tmpfs\" | \"secret\" | \"ssh\"")]
    pub kind: String,
    /// Where it is to be seen, as written; empty where the kind has a place of its own.
    pub target: String,
    /// The path in what it shows.
    pub source: String,
    /// Writes are refused.
    pub read_only: bool,
    /// Which cache, secret or agent.
    pub id: String,
    /// How a cache is shared: `shared`, `private` or `locked`.
    pub sharing: String,
    /// The build fails without the secret or agent.
    pub required: bool,
    /// The most bytes of a tmpfs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(type = "number")]
    pub size: Option<i64>,
    /// The permission bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// The owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// The variable that holds a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
}

/// What the host answers to a `RUN`.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Answer {
    /// Another executor shall do it.
    Declined,
    /// The changes are a tar: the number of its source, and its size.
    Changed { source: u32, size: f64 },
    /// The command failed.
    Status { status: i32, output: String },
}

/// An executor of the host, by its place in the build's list.
pub(super) struct HostExecutor(pub(super) usize);

#[derive(Serialize)]
struct Asked {
    executor: usize,
    step: RunStepInfo,
}

fn info(call: &Call<'_>) -> RunStepInfo {
    let step = call.step;
    let mounts = step.mounts.iter().map(|mount| &mount.mount);
    RunStepInfo {
        line: call.line,
        text: call.text.to_owned(),
        platform: call.platform.to_owned(),
        args: step.arguments.clone(),
        env: call.environment(),
        cwd: step.directory.clone(),
        user: step.user.clone(),
        uid: call.identity.uid,
        gid: call.identity.gid,
        groups: call.identity.groups.clone(),
        network: step.network.clone(),
        security: step.security.clone(),
        script: step.file.as_ref().map(|(path, text)| RunScript { path: path.clone(), text: text.clone() }),
        mounts: mounts
            .map(|mount| RunMountInfo {
                kind: mount.kind.name().to_owned(),
                target: mount.target.clone(),
                source: mount.source.clone(),
                read_only: mount.read_only,
                id: mount.id.clone(),
                sharing: mount.sharing.clone(),
                required: mount.required,
                size: mount.size,
                mode: mount.mode,
                uid: mount.uid,
                gid: mount.gid,
                env: mount.env.clone(),
            })
            .collect(),
    }
}

impl Executor for HostExecutor {
    fn run<'a>(&'a self, call: &'a Call<'a>) -> Ran<'a> {
        let other = |message: String| RunError::Other(message);
        Box::pin(async move {
            let port = current().map_err(|error| other(error.0))?;
            let text = serde_json::to_string(&Asked { executor: self.0, step: info(call) })
                .map_err(|error| other(error.to_string()))?;
            let files = |tree: &Tree| StageTree { tree: tree.clone(), images: Rc::from(call.host.images()) };
            // The stage's own tree, then one for each mount.
            let trees = js_sys::Array::new();
            trees.push(&files(call.tree).into());
            for mount in &call.mounts {
                trees.push(&mount.map_or(JsValue::UNDEFINED, |tree| files(tree).into()));
            }
            let answer = port.ask("run", text, trees.into()).await.map_err(other)?;
            match serde_json::from_slice(&answer).map_err(|error| other(error.to_string()))? {
                Answer::Declined => Ok(None),
                Answer::Status { status, output } => Err(RunError::Status { status, output }),
                Answer::Changed { source, size } => {
                    let tar = Rc::new(HostSource { number: source, size: size as u64 });
                    let tree = apply(call.tree, tar).await.map_err(|error| other(error.to_string()))?;
                    port.ask("ran", self.0.to_string(), files(&tree).into()).await.map_err(other)?;
                    Ok(Some(tree))
                }
            }
        })
    }
}

/// The host's cache and its listener.
pub(super) struct HostPorts;

/// A layer of the host's cache.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    digest: String,
    diff_id: String,
    source: u32,
    size: f64,
}

impl Cache for HostPorts {
    fn get<'a>(&'a self, key: &'a Digest) -> Found<'a> {
        Box::pin(async move {
            let answer = current().ok()?.ask("cacheGet", key.to_string(), JsValue::UNDEFINED).await.ok()?;
            let kept: Kept = serde_json::from_slice(&answer).ok()?;
            let size = kept.size as u64;
            let source: Source = Rc::new(HostSource { number: kept.source, size });
            let blob = Piece::Part { source, offset: 0, size };
            Some(CachedLayer { digest: kept.digest.parse().ok()?, diff_id: kept.diff_id.parse().ok()?, blob })
        })
    }

    fn put<'a>(&'a self, key: &'a Digest, layer: &'a LayerBlob) -> LocalFuture<'a, ()> {
        Box::pin(async move {
            let Ok(port) = current() else { return };
            let text = serde_json::json!({ "key": key, "digest": layer.digest, "diffId": layer.diff_id });
            let bytes = js_sys::Uint8Array::from(layer.bytes.as_slice());
            // A cache that cannot keep it costs time later, and no more.
            let _ = port.ask("cachePut", text.to_string(), bytes.into()).await;
        })
    }
}

/// What becomes of a step of a build.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct BuildStepEvent {
    /// The stage by its name, or `stage-` and its place; absent where there is one only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// The number of the step in its stage: 1 is its `FROM`.
    pub step: usize,
    /// How many steps the stage has.
    pub steps: usize,
    /// The platform that is built.
    pub platform: String,
    /// Its line in the Dockerfile, from 1.
    pub line: u32,
    /// The instruction.
    pub text: String,
    /// `cached`: its layer was there already; `skipped`: a `RUN` that was left out.
    #[tsify(type = "\"begun\" | \"done\" | \"cached\" | \"skipped\"")]
    pub state: String,
}

impl Listener for HostPorts {
    fn step<'a>(&'a self, event: StepEvent<'a>) -> LocalFuture<'a, ()> {
        Box::pin(async move {
            let state = match event.state {
                StepState::Begun => "begun",
                StepState::Done => "done",
                StepState::Cached => "cached",
                StepState::Skipped => "skipped",
            };
            let event = BuildStepEvent {
                stage: event.stage.map(str::to_owned),
                step: event.step,
                steps: event.steps,
                platform: event.platform.to_owned(),
                line: event.line,
                text: event.text.to_owned(),
                state: state.to_owned(),
            };
            if let (Ok(port), Ok(text)) = (current(), serde_json::to_string(&event)) {
                let _ = port.ask("step", text, JsValue::UNDEFINED).await;
            }
        })
    }
}

/// The files of a stage, of a context or of an image, as they are at a step.
#[wasm_bindgen]
pub struct StageTree {
    tree: Tree,
    images: Rc<[BaseImage]>,
}

fn wrong(failure: &StepError) -> JsValue {
    error(failure.code(), &failure.to_string(), &())
}

#[wasm_bindgen]
impl StageTree {
    /// All files, directories before what is in them, as `StageFile[]`.
    #[wasm_bindgen(unchecked_return_type = "StageFile[]")]
    pub fn list(&self) -> Result<JsValue, JsValue> {
        let mut out = Json::list();
        for change in diff(&Tree::default(), &self.tree) {
            let (ChangeKind::Node(node) | ChangeKind::Link(_, node)) = &change.kind else {
                continue;
            };
            out.begin();
            out.key("path");
            out.text(&change.path);
            out.key("type");
            out.text(match &node.kind {
                Kind::Dir(_) => b"dir",
                Kind::File(_) => b"file",
                Kind::Symlink(_) => b"symlink",
                Kind::Char(..) => b"char",
                Kind::Block(..) => b"block",
                Kind::Fifo => b"fifo",
            });
            out.number("mode", node.meta.mode);
            out.number("uid", node.meta.uid);
            out.number("gid", node.meta.gid);
            out.number("size", node.size());
            out.number("mtime", node.meta.mtime.seconds as f64 + f64::from(node.meta.mtime.nanos) / 1e9);
            if let Kind::Symlink(target) = &node.kind {
                out.key("linkname");
                out.text(target);
            }
            if let ChangeKind::Link(first, _) = &change.kind {
                out.key("hardlink");
                out.text(first);
            }
            out.end();
        }
        out.parse()
    }

    /// The content of a file, links followed, as a task that answers with a `Uint8Array`, or with `undefined` where there is
    /// no such file.
    pub fn read(&self, path: String) -> Task {
        let (tree, images) = (self.tree.clone(), self.images.clone());
        task(async move {
            let found = tree.resolve(path.as_bytes()).ok().and_then(|at| tree.get(&at).cloned());
            let Some(Kind::File(content)) = found.as_ref().map(|node| &node.kind) else {
                return Ok(JsValue::UNDEFINED);
            };
            let host = BaseImages { images: images.to_vec(), watch: &HostWatch };
            let size = content.size();
            let mut bytes = Vec::new();
            while (bytes.len() as u64) < size {
                let at = bytes.len() as u64;
                let piece = read(&host, content, at, size - at, &path).await.map_err(|failure| wrong(&failure))?;
                bytes.extend_from_slice(&piece);
            }
            Ok(js_sys::Uint8Array::from(bytes.as_slice()).into())
        })
    }

    /// Whether a path, links followed, is a directory; `undefined` where there is nothing.
    #[wasm_bindgen(js_name = isDirectory)]
    pub fn is_directory(&self, path: &str) -> Option<bool> {
        let at = self.tree.resolve(path.as_bytes()).ok()?;
        Some(self.tree.get(&at)?.is_dir())
    }

    /// Writes what makes this tree out of `since` (of nothing without it) as a layer: a plain tar with whiteouts. The
    /// task asks `chunk` with each piece; it has to be answered when there is room for the next.
    pub fn tar(&self, since: Option<StageTree>) -> Task {
        let (tree, images) = (self.tree.clone(), self.images.clone());
        let below = since.map(|since| since.tree).unwrap_or_default();
        tar(below, tree, images)
    }

    /// What is at a path alone, links followed, as a layer of its own: a file under its name, or what is in a directory.
    #[wasm_bindgen(js_name = tarOf)]
    pub fn tar_of(&self, path: &str) -> Result<Task, JsValue> {
        let missing = || error("COPY_SOURCE_NOT_FOUND", &format!("`{path}` does not exist there"), &());
        let at = self.tree.resolve(path.as_bytes()).map_err(|failure| wrong(&failure.into()))?;
        let node = self.tree.get(&at).ok_or_else(missing)?.clone();
        let mut alone = Tree::default();
        match node.is_dir() {
            true => alone.root = node,
            false => {
                let name = clean(show(at.get(at.len().saturating_sub(1)..).unwrap_or_default()).as_bytes());
                alone.put(&name, node).map_err(|failure| wrong(&failure.into()))?;
            }
        }
        Ok(tar(Tree::default(), alone, self.images.clone()))
    }

    /// A second handle of the same files.
    pub fn share(&self) -> StageTree {
        StageTree { tree: self.tree.clone(), images: self.images.clone() }
    }
}

fn tar(below: Tree, tree: Tree, images: Rc<[BaseImage]>) -> Task {
    task(async move {
        let changes = diff(&below, &tree);
        let buffer = Rc::new(RefCell::new(Vec::new()));
        let flush = Flush(buffer.clone());
        let host = BaseImages { images: images.to_vec(), watch: &flush };
        let mut out = Plain(buffer);
        write_members(&changes, None, &host, &mut out, &flush).await.map_err(|failure| wrong(&failure))?;
        out.0.borrow_mut().extend_from_slice(&END);
        flush.send(0).await.map_err(|message| error("BUILD_READ_FAILED", &message, &()))?;
        to_js(&())
    })
}

/// A plain tar, piece by piece.
struct Plain(Rc<RefCell<Vec<u8>>>);

impl LayerOut for Plain {
    fn member(&mut self, member: &Member) -> Result<(), TarWriteError> {
        let header = member.header()?;
        self.0.borrow_mut().extend_from_slice(&header);
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) {
        self.0.borrow_mut().extend_from_slice(bytes);
    }

    fn end(&mut self, size: u64) {
        let mut out = self.0.borrow_mut();
        let length = out.len() + padding(size);
        out.resize(length, 0);
    }
}

/// Hands on what has gathered, whenever the work comes by.
struct Flush(Rc<RefCell<Vec<u8>>>);

impl Flush {
    async fn send(&self, least: usize) -> Result<(), String> {
        if self.0.borrow().len() <= least {
            return Ok(());
        }
        let bytes = self.0.take();
        let port = current().map_err(|error| error.0)?;
        port.ask("chunk", String::new(), js_sys::Uint8Array::from(bytes.as_slice()).into()).await?;
        Ok(())
    }
}

impl Watch for Flush {
    fn step<'a>(&'a self, _: Step<'a>) -> LocalFuture<'a, ()> {
        Box::pin(async move {
            // The reader's failure comes up at the end, where there is somebody to tell.
            let _ = self.send(1 << 18).await;
        })
    }
}

/// A file of a stage.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
pub struct StageFile {
    /// The path without a leading slash. A byte that is not part of UTF-8 is one lone surrogate, U+DC00 and the byte.
    pub path: String,
    /// What it is.
    #[serde(rename = "type")]
    #[tsify(type = "\"file\" | \"dir\" | \"symlink\" | \"char\" | \"block\" | \"fifo\"")]
    pub kind: String,
    /// The low 12 bits of the mode.
    pub mode: u32,
    /// The owner.
    #[tsify(type = "number")]
    pub uid: u64,
    /// The group.
    #[tsify(type = "number")]
    pub gid: u64,
    /// The size of a file in bytes.
    #[tsify(type = "number")]
    pub size: u64,
    /// Seconds since 1970.
    pub mtime: f64,
    /// The target of a symbolic link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linkname: Option<String>,
    /// The first name of the same file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardlink: Option<String>,
}
