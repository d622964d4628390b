//! Builds and saves images for JavaScript.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::image::{HostSource, HostWatch, ImageHandle, current, open_error, read_error, task};
use super::run::{HostExecutor, HostPorts};
use super::task::Task;
use super::{error, options, to_js};
use crate::archive::tar_write::Time;
use crate::archive::zstd_write::LEVELS;
use crate::build::assemble::{GivenImage, NamedContext, Request, build_with};
use crate::build::cache::{Cache, Listener, Ports};
use crate::build::context::{ContextFile, ContextKind};
use crate::build::error::{BuildError, StepError};
use crate::build::execute::{Executor, RunError};
use crate::build::fetch::{Fetch, Fetched};
use crate::build::layer::LayerCompression;
use crate::build::run::{Answer, OnRun};
use crate::build::tree::Content;
use crate::image::export::contents;
use crate::image::save::{Piece, Rope, SaveError, SaveFormat, files, save};
use crate::image::{Image, Limits, ReadAt, Source};
use crate::oci::Digest;
use crate::plan::Platform;

/// What happens at a `RUN` that no executor takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, tsify::Tsify)]
#[serde(rename_all = "lowercase")]
pub enum RunMode {
    /// The build stops there with an error.
    #[default]
    Fail,
    /// The step is left out. The image is marked as incomplete by an annotation, and the step is in `skipped`.
    Skip,
}

/// How new layers are compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, tsify::Tsify)]
#[serde(rename_all = "lowercase")]
pub enum LayerFormat {
    /// gzip.
    #[default]
    Gzip,
    /// zstd.
    Zstd,
    /// Not at all.
    None,
}

/// Whose media types the documents and new layers have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, tsify::Tsify)]
#[serde(rename_all = "lowercase")]
pub enum MediaTypes {
    /// Those of the OCI image specification.
    #[default]
    Oci,
    /// Docker's of schema 2.
    Docker,
}

/// What to build from a Dockerfile.
#[derive(Debug, Clone, Default, Deserialize, tsify::Tsify)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BuildSettings {
    /// The stage to build, by name. Default: the last one.
    #[tsify(optional)]
    pub target: Option<String>,
    /// The platforms, as `linux/arm64`: one image each. Default: `linux/amd64`.
    #[tsify(optional)]
    pub platforms: Option<Vec<String>>,
    /// Values of `ARG`s.
    #[tsify(optional, type = "Record<string, string>")]
    pub build_args: Option<BTreeMap<String, String>>,
    /// Labels to set on the image.
    #[tsify(optional, type = "Record<string, string>")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Names of the image, as `name:tag`.
    #[tsify(optional)]
    pub tags: Option<Vec<String>>,
    /// What happens at `RUN`. Default: `fail`.
    #[tsify(optional)]
    pub run: Option<RunMode>,
    /// The compression of new layers. Default: `gzip`.
    #[tsify(optional)]
    pub compression: Option<LayerFormat>,
    /// The level: of gzip 1 to 9 (default 6), of zstd 1 to 19 (default 3).
    #[tsify(optional)]
    pub level: Option<u8>,
    /// Default: `oci`.
    #[tsify(optional)]
    pub media_types: Option<MediaTypes>,
    /// When the image was made, in seconds since 1970. Without it there is no `created`, and equal inputs give equal bytes.
    #[tsify(optional)]
    pub source_date_epoch: Option<f64>,
    /// Times of files that are later than `sourceDateEpoch` become that.
    #[tsify(optional)]
    pub rewrite_timestamp: Option<bool>,
    /// The name of the Dockerfile in the context: `<name>.dockerignore` is looked for before `.dockerignore`.
    #[tsify(optional)]
    pub dockerfile_name: Option<String>,
    /// Bytes that an archive unpacked by `ADD` may have. Default: 1 GiB.
    #[tsify(optional)]
    pub unpacked_bytes: Option<f64>,
}

/// A `RUN` that was left out.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct SkippedStep {
    /// Its line in the Dockerfile, from 1.
    pub line: u32,
    /// The instruction.
    pub text: String,
}

/// An image that was built.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct BuiltSummary {
    /// The digest of its manifest.
    pub digest: String,
    /// Its platform.
    pub platform: String,
    /// The steps that were left out. With any, the image is incomplete.
    pub skipped: Vec<SkippedStep>,
}

#[derive(Serialize)]
struct BuildDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    /// The exit status of a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i32>,
    /// The end of what it printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
}

fn build_error(failure: BuildError) -> JsValue {
    let mut details = BuildDetails { line: failure.line(), status: None, output: None };
    if let BuildError::Step { cause: StepError::Run(RunError::Status { status, output }), .. } = &failure {
        details.status = Some(*status);
        details.output = Some(output.clone());
    }
    error(failure.code(), &failure.to_string(), &details)
}

fn save_error(failure: SaveError) -> JsValue {
    error(failure.code(), &failure.to_string(), &())
}

impl LayerFormat {
    /// The compression at a level, or at its usual one.
    pub(super) fn with_level(self, level: Option<u8>) -> Result<LayerCompression, JsValue> {
        let (name, levels, usual) = match self {
            Self::Gzip => ("gzip", 1..=9, 6),
            Self::Zstd => ("zstd", LEVELS, 3),
            Self::None => return Ok(LayerCompression::None),
        };
        let level = level.unwrap_or(usual);
        if !levels.contains(&level) {
            let message = format!("level: {level} is no level of {name}: give {} to {}", levels.start(), levels.end());
            return Err(error("BUILD_OPTION_INVALID", &message, &()));
        }
        Ok(match self {
            Self::Zstd => LayerCompression::Zstd(level),
            _ => LayerCompression::Gzip(level),
        })
    }
}

/// Gets what lies at an address through the host, which answers once it is here whole.
struct HostFetch;

#[derive(Deserialize)]
struct FetchAnswer {
    source: u32,
    size: f64,
    modified: Option<String>,
}

impl Fetch for HostFetch {
    fn fetch<'a>(&'a self, address: &'a str) -> Answer<'a, Fetched> {
        Box::pin(async move {
            let port = current().map_err(|error| error.0)?;
            let answer = port.ask("fetch", address.to_owned(), JsValue::UNDEFINED).await?;
            let answer: FetchAnswer = serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
            let body = Rc::new(HostSource { number: answer.source, size: answer.size as u64 });
            Ok(Fetched { body, modified: answer.modified })
        })
    }
}

/// A build that is being put together. `start` begins it and leaves this empty.
#[wasm_bindgen]
pub struct ImageBuild {
    request: Request,
}

impl ImageBuild {
    /// Takes out the files of a named context.
    pub(super) fn take_context(&mut self, name: &str) -> Vec<ContextFile> {
        match self.request.contexts.remove(name) {
            Some(NamedContext::Files(files)) => files,
            _ => Vec::new(),
        }
    }
}

#[wasm_bindgen]
impl ImageBuild {
    /// A build of a Dockerfile with an empty context.
    #[wasm_bindgen(constructor)]
    pub fn new(
        dockerfile: Vec<u8>,
        #[wasm_bindgen(unchecked_param_type = "BuildSettings | undefined")] settings: JsValue,
    ) -> Result<ImageBuild, JsValue> {
        let settings = options::<BuildSettings>(&settings)?;
        let own = Platform::linux("amd64");
        let wrong = |message: String| error("BUILD_OPTION_INVALID", &message, &());
        let platforms: Result<Vec<Platform>, JsValue> = settings
            .platforms
            .unwrap_or_default()
            .iter()
            .map(|text| Platform::parse(text, &own).map_err(|failure| wrong(failure.to_string())))
            .collect();
        let request = Request {
            dockerfile,
            dockerfile_name: settings.dockerfile_name.unwrap_or_default(),
            platforms: platforms?,
            build_args: settings.build_args.unwrap_or_default(),
            labels: settings.labels.unwrap_or_default(),
            target: settings.target,
            tags: settings.tags.unwrap_or_default(),
            on_run: match settings.run.unwrap_or_default() {
                RunMode::Fail => OnRun::Fail,
                RunMode::Skip => OnRun::Skip,
            },
            compression: settings.compression.unwrap_or_default().with_level(settings.level)?,
            docker_types: settings.media_types.unwrap_or_default() == MediaTypes::Docker,
            rewrite_timestamp: settings.rewrite_timestamp.unwrap_or(false),
            source_date_epoch: settings.source_date_epoch.map(|seconds| seconds as i64),
            ..Request::default()
        };
        let mut build = Self { request };
        if let Some(bytes) = settings.unpacked_bytes {
            build.request.unpack.bytes = bytes as u64;
        }
        Ok(build)
    }

    fn add(&mut self, context: Option<String>, path: String, kind: ContextKind, mode: Option<u32>, mtime: f64) {
        let seconds = mtime.floor();
        let nanos = ((mtime - seconds) * 1e9) as u32;
        let time = Time { seconds: seconds as i64, nanos: nanos.min(999_999_999) };
        let file = ContextFile { path: path.into_bytes(), kind, mode, mtime: time };
        match context {
            None => self.request.context.push(file),
            Some(name) => {
                let files = self.request.contexts.entry(name).or_insert_with(|| NamedContext::Files(Vec::new()));
                if let NamedContext::Files(files) = files {
                    files.push(file);
                }
            }
        }
    }

    /// A file of the main context, or of the one with this name. `mtime` is in seconds.
    #[wasm_bindgen(js_name = addBytes)]
    pub fn add_bytes(&mut self, context: Option<String>, path: String, mode: Option<u32>, mtime: f64, bytes: Vec<u8>) {
        self.add(context, path, ContextKind::File(Content::bytes(bytes)), mode, mtime);
    }

    /// The same, its bytes read from a source of the host when they are needed.
    #[wasm_bindgen(js_name = addSource)]
    pub fn add_source(
        &mut self,
        context: Option<String>,
        path: String,
        mode: Option<u32>,
        mtime: f64,
        source: u32,
        size: f64,
    ) {
        let size = size as u64;
        let source: Source = Rc::new(HostSource { number: source, size });
        self.add(context, path, ContextKind::File(Content::Source { source, offset: 0, size }), mode, mtime);
    }

    /// A directory.
    #[wasm_bindgen(js_name = addDirectory)]
    pub fn add_directory(&mut self, context: Option<String>, path: String, mode: Option<u32>, mtime: f64) {
        self.add(context, path, ContextKind::Dir, mode, mtime);
    }

    /// A symbolic link.
    #[wasm_bindgen(js_name = addSymlink)]
    pub fn add_symlink(&mut self, context: Option<String>, path: String, mtime: f64, target: String) {
        self.add(context, path, ContextKind::Symlink(target.into_bytes()), None, mtime);
    }

    /// A further name of a file that has been or will be added.
    #[wasm_bindgen(js_name = addHardLink)]
    pub fn add_hard_link(&mut self, context: Option<String>, path: String, mtime: f64, target: String) {
        self.add(context, path, ContextKind::HardLink(target.into_bytes()), None, mtime);
    }

    /// A base image under the name that the Dockerfile calls it by.
    #[wasm_bindgen(js_name = addBase)]
    pub fn add_base(&mut self, name: String, image: &ImageHandle, digest: Option<String>) -> Result<(), JsValue> {
        let image = given(image, digest)?;
        self.request.bases.insert(name, image);
        Ok(())
    }

    /// A named context that is an image.
    #[wasm_bindgen(js_name = addContextImage)]
    pub fn add_context_image(
        &mut self,
        name: String,
        image: &ImageHandle,
        digest: Option<String>,
    ) -> Result<(), JsValue> {
        let image = given(image, digest)?;
        self.request.contexts.insert(name, NamedContext::Image(image));
        Ok(())
    }

    /// A named context of files, also if none is added to it.
    #[wasm_bindgen(js_name = addContext)]
    pub fn add_context(&mut self, name: String) {
        self.request.contexts.entry(name).or_insert_with(|| NamedContext::Files(Vec::new()));
    }

    /// Lets the build fetch what `ADD` names by its address: the task asks `fetch` with each.
    #[wasm_bindgen(js_name = allowFetch)]
    pub fn allow_fetch(&mut self) {
        self.request.fetch = Some(Rc::new(HostFetch));
    }

    /// Begins the build, with so many executors of the host. The task answers with the image, open, and what was built.
    /// It asks `run` for each `RUN`, and `ran` after it; with a cache `cacheGet`, `cachePut` and `sha256`; and tells `step`.
    pub fn start(&mut self, executors: usize, cached: bool, told: bool) -> Task {
        let request = std::mem::take(&mut self.request);
        task(async move {
            let executors: Vec<HostExecutor> = (0..executors).map(HostExecutor).collect();
            let executors: Vec<&dyn Executor> = executors.iter().map(|executor| executor as &dyn Executor).collect();
            let ports = Ports {
                executors: &executors,
                cache: cached.then_some(&HostPorts as &dyn Cache),
                listener: told.then_some(&HostPorts as &dyn Listener),
            };
            let built = build_with(request, &HostWatch, &ports).await.map_err(build_error)?;
            let summaries: Vec<BuiltSummary> = built
                .images
                .iter()
                .map(|image| BuiltSummary {
                    digest: image.digest.to_string(),
                    platform: image.platform.full(),
                    skipped: image
                        .skipped
                        .iter()
                        .map(|step| SkippedStep { line: step.line, text: step.text.clone() })
                        .collect(),
                })
                .collect();
            let rope = save(&built.contents, SaveFormat::OciLayout).map_err(save_error)?;
            let image = Image::open(Rc::new(rope), Limits::default(), &HostWatch).await.map_err(open_error)?;
            let answer = js_sys::Object::new();
            js_sys::Reflect::set(&answer, &"image".into(), &ImageHandle { image: Rc::new(image) }.into())?;
            js_sys::Reflect::set(&answer, &"built".into(), &to_js(&summaries)?)?;
            Ok(answer.into())
        })
    }
}

fn given(image: &ImageHandle, digest: Option<String>) -> Result<GivenImage, JsValue> {
    let digest = match digest {
        Some(text) => Some(text.parse::<Digest>().map_err(|failure| error(failure.code(), &failure.to_string(), &()))?),
        None => None,
    };
    Ok(GivenImage { image: image.image.clone(), digest })
}

/// An archive that is being written: its size is known, and it is made piece by piece as it is read.
#[wasm_bindgen]
pub struct SavedArchive {
    rope: Rc<Rope>,
}

#[wasm_bindgen]
impl SavedArchive {
    /// The size of the archive in bytes.
    #[wasm_bindgen(getter)]
    pub fn size(&self) -> f64 {
        self.rope.size() as f64
    }

    /// The bytes at `offset`, as a task that answers with a `Uint8Array`; fewer than `length` only at the end.
    pub fn read(&self, offset: f64, length: u32) -> Task {
        let rope = self.rope.clone();
        task(async move {
            let bytes = rope.read_at(offset as u64, length as usize).await.map_err(read_error)?;
            Ok(js_sys::Uint8Array::from(bytes.as_slice()).into())
        })
    }
}

/// The formats an image is saved in.
#[derive(Debug, Clone, Copy, Deserialize, tsify::Tsify)]
#[serde(rename_all = "kebab-case")]
pub enum ArchiveFormat {
    /// A tar with an OCI image layout.
    OciLayout,
    /// An archive for `docker load`, `podman load` and skopeo.
    DockerArchive,
    /// Both in one, as `docker save` writes since version 25.
    Hybrid,
}

/// The files of an image as they lie in a layout folder, each read piece by piece.
#[wasm_bindgen]
pub struct SavedFiles {
    files: Vec<(String, Piece)>,
}

/// A file of a layout folder.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
pub struct SavedFile {
    /// The path from the folder, with `/` between the parts.
    pub path: String,
    /// Its size in bytes.
    #[tsify(type = "number")]
    pub size: u64,
}

#[wasm_bindgen]
impl SavedFiles {
    /// The files, sorted by path, as `SavedFile[]`.
    #[wasm_bindgen(unchecked_return_type = "SavedFile[]")]
    pub fn list(&self) -> Result<JsValue, JsValue> {
        let list: Vec<SavedFile> =
            self.files.iter().map(|(path, piece)| SavedFile { path: path.clone(), size: piece.size() }).collect();
        to_js(&list)
    }

    /// Bytes of the file with that place in the list, as a task that answers with a `Uint8Array`.
    pub fn read(&self, file: usize, offset: f64, length: u32) -> Task {
        let piece = self.files.get(file).map(|(_, piece)| piece.clone());
        task(async move {
            let piece = piece.ok_or_else(|| error("NO_SUCH_FILE", "there is no file with this number", &()))?;
            let bytes = piece.read(offset as u64, length as usize).await.map_err(read_error)?;
            Ok(js_sys::Uint8Array::from(bytes.as_slice()).into())
        })
    }
}

fn save_format(format: &JsValue) -> Result<SaveFormat, JsValue> {
    match format.as_string().as_deref() {
        Some("oci-layout") => Ok(SaveFormat::OciLayout),
        Some("docker-archive") => Ok(SaveFormat::DockerArchive),
        Some("hybrid") => Ok(SaveFormat::Hybrid),
        _ => Err(error("OPTIONS_INVALID", "format: expected oci-layout, docker-archive or hybrid", &())),
    }
}

#[wasm_bindgen]
impl ImageHandle {
    /// Prepares to save everything that was opened, blobs as they are. The task answers with a `SavedArchive`.
    pub fn save(
        &self,
        #[wasm_bindgen(unchecked_param_type = "ArchiveFormat")] format: JsValue,
    ) -> Result<Task, JsValue> {
        let format = save_format(&format)?;
        let image = self.image.clone();
        Ok(task(async move {
            let contents = contents(&image, &HostWatch).await.map_err(save_error)?;
            let rope = Rc::new(save(&contents, format).map_err(save_error)?);
            Ok(SavedArchive { rope }.into())
        }))
    }

    /// The same as single files. The task answers with `SavedFiles`.
    #[wasm_bindgen(js_name = saveFiles)]
    pub fn save_files(
        &self,
        #[wasm_bindgen(unchecked_param_type = "ArchiveFormat")] format: JsValue,
    ) -> Result<Task, JsValue> {
        let format = save_format(&format)?;
        let image = self.image.clone();
        Ok(task(async move {
            let contents = contents(&image, &HostWatch).await.map_err(save_error)?;
            let files = files(&contents, format).map_err(save_error)?.into_iter().collect();
            Ok(SavedFiles { files }.into())
        }))
    }
}
