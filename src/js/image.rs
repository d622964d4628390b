//! Images for JavaScript: open, list, read, verify; and a plain tar as a runtime reads it.
//!
//! The core asks for bytes through the port of the task that is being polled, so one open image serves many tasks.

use super::task::{Port, Progress, Task};
use super::{error, from_js, options, to_js};
use crate::archive::tar::{Entry, EntryKind, TarReader, TarSink, Timestamp};
use crate::image::{
    FileError, FileView, Image, ImageFinding, ImageForm, ImageManifest, LayerRef, Limits, LocalFuture, ManifestKind,
    OpenError, ReadAt, ReadError, Step, StreamOpener, Watch,
};
use crate::layer::{IngestOptions, Layer, LayerIndex, Member};
use crate::oci::hash::ContentHash;
use crate::oci::{Algorithm, Compression, Digest, Platform};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** The configuration of an image as it is written (OCI image-spec, config.md, and Docker's fields). What is wrong about its types is among the findings. */
export interface OciImageConfig {
  created?: string;
  author?: string;
  architecture?: string;
  os?: string;
  variant?: string;
  "os.version"?: string;
  config?: {
    User?: string;
    ExposedPorts?: Record<string, unknown>;
    Env?: string[];
    Entrypoint?: string[];
    Cmd?: string[];
    Volumes?: Record<string, unknown>;
    WorkingDir?: string;
    Labels?: Record<string, string>;
    StopSignal?: string;
    Shell?: string[];
    OnBuild?: string[];
    Healthcheck?: { Test?: string[]; Interval?: number; Timeout?: number; StartPeriod?: number; StartInterval?: number; Retries?: number };
    [key: string]: unknown;
  };
  rootfs?: { type: string; diff_ids: string[] };
  history?: { created?: string; created_by?: string; author?: string; comment?: string; empty_layer?: boolean }[];
  [key: string]: unknown;
}
"#;

thread_local! {
    /// The port of the task that is being polled.
    static CURRENT: RefCell<Option<Port>> = const { RefCell::new(None) };
}

/// Work whose reads and reports go to the port of its own task.
struct Through<F> {
    port: Port,
    work: Pin<Box<F>>,
}

impl<F: Future> Future for Through<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let port = self.port.clone();
        let before = CURRENT.with(|current| current.replace(Some(port)));
        let result = self.work.as_mut().poll(context);
        CURRENT.with(|current| current.replace(before));
        result
    }
}

pub(super) fn task<F>(work: F) -> Task
where
    F: Future<Output = Result<JsValue, JsValue>> + 'static,
{
    Task::new(move |port| Through { port, work: Box::pin(work) })
}

pub(super) fn current() -> Result<Port, ReadError> {
    CURRENT.with(|current| current.borrow().clone()).ok_or_else(|| ReadError("nobody reads".to_owned()))
}

/// A source of the host.
pub(super) struct HostSource {
    pub(super) number: u32,
    pub(super) size: u64,
}

impl ReadAt for HostSource {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, length: usize) -> LocalFuture<'_, Result<Vec<u8>, ReadError>> {
        Box::pin(async move {
            let left = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
            let length = length.min(left);
            if length == 0 {
                return Ok(Vec::new());
            }
            let mut bytes = current()?.read(self.number, offset, length).await.map_err(ReadError)?;
            bytes.truncate(length);
            Ok(bytes)
        })
    }

    fn sha256(&self) -> LocalFuture<'_, Option<Vec<u8>>> {
        Box::pin(async move {
            let answer = current().ok()?.ask("sha256", self.number.to_string(), JsValue::UNDEFINED).await.ok()?;
            (answer.len() == 32).then_some(answer)
        })
    }
}

/// Reports to the host and lets it have its turn.
pub(super) struct HostWatch;

impl Watch for HostWatch {
    fn step<'a>(&'a self, step: Step<'a>) -> LocalFuture<'a, ()> {
        Box::pin(async move {
            if let Ok(port) = current() {
                let progress = Progress {
                    phase: step.phase.to_owned(),
                    done: step.done as f64,
                    total: step.total.map(|total| total as f64),
                    unit: if step.phase == "build" { "steps" } else { "bytes" }.to_owned(),
                    item: step.item.map(str::to_owned),
                };
                port.progress(progress).await;
            }
        })
    }
}

/// Bounds of an image; each has an error code of its own. What is absent keeps its default.
#[derive(Debug, Clone, Default, Deserialize, tsify::Tsify)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ImageLimits {
    /// Bytes of a JSON document. Default 4 MiB.
    #[tsify(optional, type = "number")]
    pub json_bytes: Option<u64>,
    /// Arrays and objects inside each other in a JSON document. Default 64.
    #[tsify(optional, type = "number")]
    pub json_depth: Option<u64>,
    /// Indexes inside each other. Default 8.
    #[tsify(optional, type = "number")]
    pub index_depth: Option<u64>,
    /// Documents in all. Default 10,000.
    #[tsify(optional, type = "number")]
    pub documents: Option<u64>,
    /// Members of an archive. Default 100,000.
    #[tsify(optional, type = "number")]
    pub members: Option<u64>,
    /// Entries of a layer. Default 10 million.
    #[tsify(optional, type = "number")]
    pub entries: Option<u64>,
    /// Bytes of a path in a layer. Default 4,096.
    #[tsify(optional, type = "number")]
    pub path_bytes: Option<u64>,
    /// Bytes of one extended tar header, long name or sparse map. Default 1 MiB.
    #[tsify(optional, type = "number")]
    pub tar_metadata_bytes: Option<u64>,
    /// Bytes of a zstd window. Default 128 MiB.
    #[tsify(optional, type = "number")]
    pub zstd_window: Option<u64>,
    /// Bytes of a layer when it is unpacked. Default 64 GiB.
    #[tsify(optional, type = "number")]
    pub unpacked_bytes: Option<u64>,
    /// Bytes of a path or link target in a tar, beyond which it is not read on. Default 65,536.
    #[tsify(optional, type = "number")]
    pub tar_path_bytes: Option<u64>,
    /// Names in a path in a layer. Default 2,048.
    #[tsify(optional, type = "number")]
    pub path_depth: Option<u64>,
    /// Bytes of an xz dictionary. Default 64 MiB.
    #[tsify(optional, type = "number")]
    pub xz_dictionary: Option<u64>,
    /// Bytes that a layer may unpack to before the ratio matters. Default 128 MiB.
    #[tsify(optional, type = "number")]
    pub ratio_floor: Option<u64>,
    /// Bytes behind the end of an archive that are looked at. Default 16 MiB.
    #[tsify(optional, type = "number")]
    pub behind_end_bytes: Option<u64>,
    /// Bytes of JSON that are kept of a stream, in sum. Default 32 MiB.
    #[tsify(optional, type = "number")]
    pub stream_document_bytes: Option<u64>,
    /// How many times its size a layer may unpack to, beyond `ratioFloor`. Default 1,000.
    #[tsify(optional, type = "number")]
    pub ratio: Option<u64>,
    /// Bytes that the index of a layer's entries may take. Default 1 GiB.
    #[tsify(optional, type = "number")]
    pub layer_index_bytes: Option<u64>,
    /// Bytes of an archive, compressed as a whole, when it is unpacked. Default 512 MiB.
    #[tsify(optional, type = "number")]
    pub archive_bytes: Option<u64>,
    /// What readers of tar see differently in a layer is an error, `TAR_AMBIGUOUS`, that ends it. Default false: it is
    /// marked, and the layer is read on as container runtimes do.
    #[tsify(optional)]
    pub strict: bool,
}

impl ImageLimits {
    fn apply(&self) -> Limits {
        let mut limits = Limits::default();
        let size = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        let set = |place: &mut u64, value: Option<u64>| *place = value.unwrap_or(*place);
        let set_size = |place: &mut usize, value: Option<u64>| *place = value.map_or(*place, size);
        set_size(&mut limits.json.bytes, self.json_bytes);
        // The reader of JSON recurses as deep as this.
        set_size(&mut limits.json.depth, self.json_depth.map(|depth| depth.min(256)));
        set_size(&mut limits.index_depth, self.index_depth);
        set_size(&mut limits.documents, self.documents);
        set(&mut limits.members, self.members);
        set(&mut limits.layer.tar.entries, self.entries);
        set_size(&mut limits.path, self.path_bytes);
        set(&mut limits.layer.tar.metadata, self.tar_metadata_bytes);
        set(&mut limits.layer.decode.zstd_window, self.zstd_window);
        set(&mut limits.layer.unpacked, self.unpacked_bytes);
        set_size(&mut limits.layer.tar.path, self.tar_path_bytes);
        set_size(&mut limits.path_depth, self.path_depth);
        set_size(&mut limits.layer.decode.xz_dictionary, self.xz_dictionary);
        set(&mut limits.layer.ratio_floor, self.ratio_floor);
        set(&mut limits.behind_end, self.behind_end_bytes);
        set_size(&mut limits.stream_documents, self.stream_document_bytes);
        set(&mut limits.layer.ratio, self.ratio);
        set_size(&mut limits.layer.index, self.layer_index_bytes);
        set_size(&mut limits.outer_memory, self.archive_bytes);
        limits.layer.tar.strict = self.strict;
        limits
    }
}

/// How to list entries.
#[derive(Debug, Clone, Default, Deserialize, tsify::Tsify)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EntryOptions {
    /// Hash the contents of files. Default false.
    #[tsify(optional)]
    pub contents: bool,
    /// The largest file in bytes whose content is hashed. Default: all.
    #[tsify(optional, type = "number")]
    pub contents_limit: Option<u64>,
}

impl EntryOptions {
    fn limit(&self) -> Option<u64> {
        self.contents.then(|| self.contents_limit.unwrap_or(u64::MAX))
    }
}

/// What went wrong while a layer was read.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct LayerProblem {
    /// A stable code.
    pub code: String,
    /// What it is, for a person.
    pub message: String,
    /// Where, in bytes: of the blob for damaged compression, else of the unpacked tar.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional, type = "number")]
    pub offset: Option<u64>,
}

/// A layer of an image, or a blob of an artifact.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct LayerSummary {
    /// The digest of the blob as the manifest declares it. In a Docker archive, once it has been read, that of the
    /// unpacked tar.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub digest: Option<String>,
    /// The digest of the unpacked tar: computed where the layer has been read, else as the config declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub diff_id: Option<String>,
    /// The media type.
    pub media_type: String,
    /// The size of the blob in bytes.
    #[tsify(type = "number")]
    pub size: u64,
    /// Where it lies in the archive.
    pub file: String,
    /// The blob is there.
    pub present: bool,
    /// It is encrypted and cannot be looked into.
    pub encrypted: bool,
    /// It may be left out of archives.
    pub foreign: bool,
    /// Annotations of its descriptor.
    #[tsify(type = "Record<string, string>")]
    pub annotations: serde_json::Map<String, serde_json::Value>,
    /// What its bytes are compressed with, once it has been read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional, type = "\"none\" | \"gzip\" | \"zstd\" | \"bzip2\" | \"xz\" | \"unknown\"")]
    pub compression: Option<Compression>,
    /// The size of the unpacked tar in bytes, once it has been read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional, type = "number")]
    pub unpacked: Option<u64>,
    /// How many entries it has, once it has been read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional, type = "number")]
    pub entries: Option<usize>,
    /// Why it could not be read to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub problem: Option<LayerProblem>,
}

/// A manifest of what was opened.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct ManifestSummary {
    /// What it is.
    pub kind: ManifestKind,
    /// Its digest; that of the configuration in a Docker archive, which has no manifests.
    pub digest: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    #[tsify(type = "number")]
    pub size: u64,
    /// The names it has.
    pub names: Vec<String>,
    /// The platform it is for, as `os/architecture[/variant]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub platform: Option<String>,
    /// What kind of artifact it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub artifact_type: Option<String>,
    /// Its annotations.
    #[tsify(type = "Record<string, string>")]
    pub annotations: serde_json::Map<String, serde_json::Value>,
    /// The digest of the manifest it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub subject: Option<String>,
    /// The digest of the image it attests.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub attests: Option<String>,
    /// The digests of the indexes it was reached through, the outermost first.
    pub via: Vec<String>,
    /// The digest of its configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub config_digest: Option<String>,
    /// The configuration of an image, as it is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional, type = "OciImageConfig")]
    pub config: Option<serde_json::Value>,
    /// The layers from the base up, or the blobs of an artifact.
    pub layers: Vec<LayerSummary>,
    /// The digests that an index lists.
    pub entries: Vec<String>,
}

/// What was opened.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct ImageSummary {
    /// How it is laid out.
    pub form: ImageForm,
    /// What the archive as a whole is compressed with.
    #[tsify(type = "\"none\" | \"gzip\" | \"zstd\" | \"bzip2\" | \"xz\"")]
    pub compression: Compression,
    /// Everything that the index leads to.
    pub manifests: Vec<ManifestSummary>,
    /// What is wrong or odd about the archive and its documents.
    pub findings: Vec<ImageFinding>,
}

fn problem(layer: &Layer) -> Option<LayerProblem> {
    let error = layer.error()?;
    Some(LayerProblem { code: error.code().to_owned(), message: error.to_string(), offset: error.offset() })
}

fn layer_summary(reference: &LayerRef, docker: bool, layer: Option<&Layer>) -> LayerSummary {
    let declared = reference.diff_id.as_ref();
    let algorithm = declared.map_or(Algorithm::Sha256, Digest::algorithm);
    let computed = layer.and_then(|layer| layer.diff_id(algorithm));
    let digest = match (docker, layer) {
        (true, Some(layer)) => layer.diff_id(Algorithm::Sha256).or(reference.digest.as_ref()),
        _ => reference.digest.as_ref(),
    };
    let diff_id = if layer.is_some() { computed } else { declared };
    LayerSummary {
        digest: digest.map(Digest::to_string),
        diff_id: diff_id.map(Digest::to_string),
        media_type: reference.media_type.to_string(),
        size: reference.blob.map_or(reference.size.unwrap_or(0), |blob| blob.size),
        file: reference.file.clone(),
        present: reference.blob.is_some(),
        encrypted: reference.encrypted(),
        foreign: reference.foreign(),
        annotations: reference.annotations.clone(),
        compression: layer.and_then(|layer| layer.compression),
        unpacked: layer.map(|layer| layer.unpacked),
        entries: layer.map(|layer| layer.index.len()),
        problem: layer.and_then(problem),
    }
}

fn manifest_summary(manifest: &ImageManifest) -> ManifestSummary {
    ManifestSummary {
        kind: manifest.kind,
        digest: manifest.digest.to_string(),
        media_type: manifest.media_type.to_string(),
        size: manifest.size,
        names: manifest.refs.clone(),
        platform: manifest.platform.as_ref().map(Platform::label),
        artifact_type: manifest.artifact_type.clone(),
        annotations: manifest.annotations.clone(),
        subject: manifest.subject.as_ref().map(Digest::to_string),
        attests: manifest.attests.as_ref().map(Digest::to_string),
        via: manifest.via.iter().map(Digest::to_string).collect(),
        config_digest: manifest.config_digest.as_ref().map(Digest::to_string),
        config: manifest.config_json.clone(),
        layers: manifest.layers.iter().map(|layer| layer_summary(layer, is_docker(manifest), None)).collect(),
        entries: manifest.entries.iter().map(Digest::to_string).collect(),
    }
}

fn is_docker(manifest: &ImageManifest) -> bool {
    manifest.media_type.as_str().starts_with("application/vnd.docker.archive.")
        || manifest.media_type.as_str() == "docker-v1"
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<f64>,
}

pub(super) fn open_error(failure: OpenError) -> JsValue {
    error(failure.code(), &failure.to_string(), &FailureDetails { layer: None, path: None, offset: None })
}

pub(super) fn file_error(failure: FileError) -> JsValue {
    let mut details = FailureDetails { layer: None, path: None, offset: None };
    match &failure {
        FileError::LayerUnavailable { layer, .. } | FileError::Chunk { layer } | FileError::Kept { layer } => {
            details.layer = Some(layer.clone());
        }
        FileError::Damaged { layer, error } => {
            details.layer = Some(layer.clone());
            details.offset = error.offset().map(|offset| offset as f64);
        }
        FileError::NotFound { path }
        | FileError::NotFile { path, .. }
        | FileError::SymlinkLoop { path }
        | FileError::TooLarge { path, .. } => details.path = Some(path.clone()),
        FileError::Read(_)
        | FileError::NoSuch { .. }
        | FileError::ExportTooLarge { .. }
        | FileError::PathTooLong { .. }
        | FileError::Write(_) => {}
    }
    error(failure.code(), &failure.to_string(), &details)
}

pub(super) fn read_error(failure: ReadError) -> JsValue {
    error("SOURCE_UNREADABLE", &failure.to_string(), &FailureDetails { layer: None, path: None, offset: None })
}

/// Opens the archive that is source number `source` and has `size` bytes. Numbers are never used twice, so that images
/// that were opened apart can be read in one task.
#[wasm_bindgen(js_name = openArchive)]
pub fn open_archive(
    source: u32,
    size: f64,
    #[wasm_bindgen(unchecked_param_type = "ImageLimits | undefined")] limits: JsValue,
) -> Result<Task, JsValue> {
    let limits = options::<ImageLimits>(&limits)?.apply();
    let source = Rc::new(HostSource { number: source, size: size as u64 });
    Ok(task(async move {
        let image = Image::open(source, limits, &HostWatch).await.map_err(open_error)?;
        Ok(ImageHandle { image: Rc::new(image) }.into())
    }))
}

/// A file of a directory that is opened.
#[derive(Debug, Clone, Deserialize, tsify::Tsify)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DirectoryFile {
    /// Its path from the directory, with `/` between the parts.
    pub path: String,
    /// Its size in bytes.
    pub size: f64,
}

/// Opens a directory. The files are the sources from number `first` on, in their order.
#[wasm_bindgen(js_name = openDirectory)]
pub fn open_directory(
    first: u32,
    #[wasm_bindgen(unchecked_param_type = "DirectoryFile[]")] files: JsValue,
    #[wasm_bindgen(unchecked_param_type = "ImageLimits | undefined")] limits: JsValue,
) -> Result<Task, JsValue> {
    let limits = options::<ImageLimits>(&limits)?.apply();
    let files: Vec<DirectoryFile> =
        from_js(&files).map_err(|e| error("OPTIONS_INVALID", &format!("files: {e}"), &()))?;
    let sources = files.into_iter().enumerate().map(|(number, file)| {
        let number = first.saturating_add(u32::try_from(number).unwrap_or(u32::MAX));
        let source: Rc<dyn ReadAt> = Rc::new(HostSource { number, size: file.size as u64 });
        (file.path, source)
    });
    let sources: Vec<_> = sources.collect();
    Ok(task(async move {
        let image = Image::open_directory(sources, limits, &HostWatch).await.map_err(open_error)?;
        Ok(ImageHandle { image: Rc::new(image) }.into())
    }))
}

/// Takes an archive in one pass and bounded memory. No blob is kept, so files cannot be read afterwards.
#[wasm_bindgen]
pub struct ImageStream {
    opener: Option<StreamOpener>,
}

#[wasm_bindgen]
impl ImageStream {
    /// A stream that has seen nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "ImageLimits | undefined")] limits: JsValue,
        #[wasm_bindgen(unchecked_param_type = "EntryOptions | undefined")] entries: JsValue,
    ) -> Result<ImageStream, JsValue> {
        let limits = options::<ImageLimits>(&limits)?.apply();
        let contents = options::<EntryOptions>(&entries)?.limit();
        Ok(Self { opener: Some(StreamOpener::new(limits, contents)) })
    }

    /// Takes more of the archive.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        let opener = self.opener.as_mut().ok_or_else(|| error("STREAM_ENDED", "this stream has ended", &()))?;
        opener.push(bytes).map_err(open_error)
    }

    /// The archive ends here. The task answers with the image.
    pub fn finish(&mut self) -> Result<Task, JsValue> {
        let opener = self.opener.take().ok_or_else(|| error("STREAM_ENDED", "this stream has ended", &()))?;
        Ok(task(async move {
            let image = opener.finish(&HostWatch).await.map_err(open_error)?;
            Ok(ImageHandle { image: Rc::new(image) }.into())
        }))
    }
}

/// An open image.
#[wasm_bindgen]
pub struct ImageHandle {
    pub(crate) image: Rc<Image>,
}

#[wasm_bindgen]
impl ImageHandle {
    /// What was opened.
    #[wasm_bindgen(unchecked_return_type = "ImageSummary")]
    pub fn summary(&self) -> Result<JsValue, JsValue> {
        to_js(&ImageSummary {
            form: self.image.form,
            compression: self.image.compression,
            manifests: self.image.manifests.iter().map(manifest_summary).collect(),
            findings: self.image.findings.clone(),
        })
    }

    /// Its files can be read: it was not streamed.
    pub fn seekable(&self) -> bool {
        self.image.store().seekable()
    }

    /// Lists layers from their tables of contents from now on, where those have the digests that the manifest names.
    #[wasm_bindgen(js_name = useTables)]
    pub fn use_tables(&self) {
        self.image.use_tables();
    }

    /// Uses what `checkpoints` gave, and answers for how many layers it is.
    #[wasm_bindgen(js_name = takeCheckpoints)]
    pub fn take_checkpoints(&self, bytes: &[u8]) -> Result<usize, JsValue> {
        self.image.take_checkpoints(bytes).map_err(|failure| error(failure.code(), &failure.to_string(), &()))
    }

    /// What is to be kept of a layer. The task answers with a `Uint8Array`.
    pub fn checkpoints(&self, manifest: usize, layer: usize) -> Task {
        let image = self.image.clone();
        task(async move {
            let bytes = image.checkpoints(manifest, layer, &HostWatch).await.map_err(file_error)?;
            Ok(js_sys::Uint8Array::from(bytes.as_slice()).into())
        })
    }

    /// How the entries of a layer are known. The task answers with `"walked"`, `"checkpoints"` or `"table"`.
    pub fn listed(&self, manifest: usize, layer: usize) -> Task {
        let image = self.image.clone();
        task(async move { Ok(image.listed(manifest, layer).await.map_err(file_error)?.name().into()) })
    }

    /// The place among the manifests of the image that a name or digest and a platform pick.
    pub fn pick(&self, name: Option<String>, platform: Option<String>) -> Result<Option<usize>, JsValue> {
        let platform = match platform {
            Some(text) => Some(Platform::parse(&text).ok_or_else(|| {
                error("PLATFORM_INVALID", &format!("`{text}` is no platform: expected os/architecture[/variant]"), &())
            })?),
            None => None,
        };
        Ok(self.image.pick(name.as_deref(), platform.as_ref()))
    }

    /// Reads the layers of a manifest. The task answers with a `LayerSummary[]`.
    pub fn layers(&self, manifest: usize) -> Task {
        let image = self.image.clone();
        task(async move {
            let found = image
                .manifests
                .get(manifest)
                .ok_or_else(|| file_error(FileError::NoSuch { what: "image", number: manifest }))?;
            let mut out = Vec::new();
            for (number, reference) in found.layers.iter().enumerate() {
                let layer = match image.layer(manifest, number, None, &HostWatch).await {
                    Ok(layer) => Some(layer),
                    Err(FileError::LayerUnavailable { .. }) => None,
                    Err(failure) => return Err(file_error(failure)),
                };
                out.push(layer_summary(reference, is_docker(found), layer.as_deref()));
            }
            to_js(&out)
        })
    }

    /// The entries of one layer in the order of its tar. The task answers with a `FileEntry[]`.
    #[wasm_bindgen(js_name = layerEntries)]
    pub fn layer_entries(
        &self,
        manifest: usize,
        layer: usize,
        #[wasm_bindgen(unchecked_param_type = "EntryOptions | undefined")] entries: JsValue,
    ) -> Result<Task, JsValue> {
        let contents = options::<EntryOptions>(&entries)?.limit();
        let image = self.image.clone();
        Ok(task(async move {
            let found = match contents {
                None => image.listing(manifest, layer, &HostWatch).await,
                Some(_) => image.layer(manifest, layer, contents, &HostWatch).await,
            };
            let found = found.map_err(file_error)?;
            listing(&found.index)
        }))
    }

    /// The merged filesystem. The task answers with a `MergedEntry[]`.
    pub fn files(
        &self,
        manifest: usize,
        #[wasm_bindgen(unchecked_param_type = "EntryOptions | undefined")] entries: JsValue,
    ) -> Result<Task, JsValue> {
        let contents = options::<EntryOptions>(&entries)?.limit();
        let image = self.image.clone();
        Ok(task(async move {
            let merged = match contents {
                None => image.listed_tree(manifest, &HostWatch).await,
                Some(_) => image.tree(manifest, contents, &HostWatch).await.map(Rc::new),
            };
            let merged = merged.map_err(file_error)?;
            let mut out = Json::list();
            merged.visit(&mut |view| out.merged(&view));
            out.parse()
        }))
    }

    /// A file of the merged filesystem. The task answers with a `Uint8Array`.
    #[wasm_bindgen(js_name = readFile)]
    pub fn read_file(&self, manifest: usize, path: Vec<u8>, limit: Option<f64>) -> Task {
        let image = self.image.clone();
        let limit = limit.map_or(u64::MAX, |limit| limit as u64);
        task(async move {
            let bytes = image.read_file(manifest, &path, limit, &HostWatch).await.map_err(file_error)?;
            Ok(js_sys::Uint8Array::from(bytes.as_slice()).into())
        })
    }

    /// A file as one layer has it: the entry with that number. The task answers with a `Uint8Array`.
    #[wasm_bindgen(js_name = readEntry)]
    pub fn read_entry(&self, manifest: usize, layer: usize, entry: usize, limit: Option<f64>) -> Task {
        let image = self.image.clone();
        let limit = limit.map_or(u64::MAX, |limit| limit as u64);
        task(async move {
            let bytes = image.read_entry(manifest, layer, entry, limit, &HostWatch).await.map_err(file_error)?;
            Ok(js_sys::Uint8Array::from(bytes.as_slice()).into())
        })
    }

    /// Verifies everything. The task answers with a `VerifyReport`.
    pub fn verify(&self) -> Task {
        let image = self.image.clone();
        task(async move {
            let report = image.verify(&HostWatch).await.map_err(read_error)?;
            to_js(&report)
        })
    }
}

/// Lists a plain tar as container runtimes read it. Source 0 of the task has `size` bytes. The task answers with a
/// `FileEntry[]`, or fails where a runtime would.
#[wasm_bindgen(js_name = readTar)]
pub fn read_tar(
    size: f64,
    #[wasm_bindgen(unchecked_param_type = "EntryOptions | undefined")] entries: JsValue,
    #[wasm_bindgen(unchecked_param_type = "ImageLimits | undefined")] limits: JsValue,
) -> Result<Task, JsValue> {
    let contents = options::<EntryOptions>(&entries)?.limit();
    let limits = options::<ImageLimits>(&limits)?.apply();
    let source = HostSource { number: 0, size: size as u64 };
    Ok(task(async move {
        let mut tar = TarReader::new(limits.layer.tar);
        let mut sink = Listing { index: LayerIndex::default(), contents, hash: None };
        let fail = |failure: crate::archive::tar::TarError| {
            let details =
                FailureDetails { layer: None, path: None, offset: failure.offset().map(|offset| offset as f64) };
            error(failure.code(), &failure.to_string(), &details)
        };
        let mut at = 0;
        while at < source.size {
            let bytes = source.read_at(at, 256 << 10).await.map_err(read_error)?;
            if bytes.is_empty() {
                break;
            }
            at += bytes.len() as u64;
            tar.push(&bytes, &mut sink).map_err(fail)?;
            HostWatch.step(Step { phase: "read", done: at, total: Some(source.size), item: None }).await;
        }
        tar.finish().map_err(fail)?;
        listing(&sink.index)
    }))
}

/// How to read a layer by itself.
#[derive(Debug, Clone, Deserialize, tsify::Tsify)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LayerOptions {
    /// Compute the digests of the blob and of the unpacked tar. Default true.
    #[tsify(optional)]
    pub digests: bool,
    /// Bounds; each has an error code of its own.
    #[tsify(optional)]
    pub limits: ImageLimits,
}

impl Default for LayerOptions {
    fn default() -> Self {
        Self { digests: true, limits: ImageLimits::default() }
    }
}

/// What a pass over a layer has found.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct LayerFacts {
    /// The size of the blob in bytes.
    #[tsify(type = "number")]
    pub size: u64,
    /// The digest of the blob, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub digest: Option<String>,
    /// The digest of the unpacked tar, where it was asked for and the blob could be unpacked to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub diff_id: Option<String>,
    /// What it is compressed with. Absent where there are no bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional, type = "\"none\" | \"gzip\" | \"zstd\" | \"bzip2\" | \"xz\" | \"unknown\"")]
    pub compression: Option<Compression>,
    /// The size of the unpacked tar in bytes.
    #[tsify(type = "number")]
    pub unpacked: u64,
    /// How many entries it has.
    pub entries: usize,
    /// Bytes of memory that the index of its entries takes, about.
    pub index_bytes: usize,
    /// Why it could not be read to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[tsify(optional)]
    pub problem: Option<LayerProblem>,
}

/// Passes once over the blob of a layer that is source 0 of the task and has `size` bytes. The task answers with
/// `LayerFacts`.
#[wasm_bindgen(js_name = readLayer)]
pub fn read_layer(
    size: f64,
    #[wasm_bindgen(unchecked_param_type = "LayerOptions | undefined")] how: JsValue,
) -> Result<Task, JsValue> {
    let LayerOptions { digests, limits } = options(&how)?;
    let algorithms = if digests { vec![Algorithm::Sha256] } else { Vec::new() };
    let how = IngestOptions {
        blob: algorithms.clone(),
        diff: algorithms,
        contents: None,
        elsewhere: false,
        limits: limits.apply().layer,
    };
    let source = HostSource { number: 0, size: size as u64 };
    Ok(task(async move {
        let layer = crate::image::read_layer(&source, &how, None, "read", &HostWatch).await.map_err(read_error)?;
        let text = |digest: Option<&Digest>| digest.map(Digest::to_string);
        to_js(&LayerFacts {
            size: layer.size,
            digest: text(layer.digest(Algorithm::Sha256)),
            diff_id: text(layer.diff_id(Algorithm::Sha256)),
            compression: layer.compression,
            unpacked: layer.unpacked,
            entries: layer.index.len(),
            index_bytes: layer.index.memory(),
            problem: problem(&layer),
        })
    }))
}

struct Listing {
    index: LayerIndex,
    contents: Option<u64>,
    hash: Option<ContentHash>,
}

impl TarSink for Listing {
    fn entry(&mut self, entry: &Entry) {
        self.index.push(entry);
        let wanted = self.contents.is_some_and(|limit| entry.kind == EntryKind::File && entry.size <= limit);
        self.hash = wanted.then(|| ContentHash::new(entry.size));
    }

    fn data(&mut self, bytes: &[u8]) {
        if let Some(hash) = &mut self.hash {
            hash.update(bytes);
        }
    }

    fn hole(&mut self, length: u64) {
        if let Some(hash) = &mut self.hash {
            hash.zeros(length);
        }
    }

    fn end(&mut self) {
        if let Some(hash) = self.hash.take() {
            self.index.set_digest(hash.finish());
        }
    }
}

/// An entry of a layer, as its tar has it.
#[derive(Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "the shape for TypeScript: the objects themselves are written as JSON text")]
pub struct FileEntry {
    /// The name as written. A byte that is not part of UTF-8 is one lone surrogate, U+DC00 and the byte.
    path: String,
    /// What it is.
    #[tsify(type = "\"file\" | \"dir\" | \"symlink\" | \"hardlink\" | \"char\" | \"block\" | \"fifo\" | \"unknown\"")]
    kind: String,
    /// Permissions: the low twelve bits.
    mode: u32,
    /// The owner.
    uid: f64,
    /// The group.
    gid: f64,
    /// The size of a file in bytes, sparse files expanded; 0 for all else.
    size: f64,
    /// When it was changed, in seconds since 1970.
    mtime: f64,
    /// The target of a link, as written.
    #[tsify(optional)]
    link: Option<String>,
    /// Major and minor number of a device.
    #[tsify(optional, type = "[number, number]")]
    device: Option<(f64, f64)>,
    /// The owner's name, where it is not root's.
    #[tsify(optional)]
    uname: Option<String>,
    /// The group's name, where it is not root's.
    #[tsify(optional)]
    gname: Option<String>,
    /// Names of extended attributes.
    #[tsify(optional)]
    xattrs: Option<Vec<String>>,
    /// The sha256 of the content in hexadecimal, where contents were hashed.
    #[tsify(optional)]
    sha256: Option<String>,
    /// Codes of what readers are known to see differently.
    #[tsify(optional)]
    ambiguous: Option<Vec<String>>,
}

/// A name of the merged filesystem.
#[derive(Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "the shape for TypeScript: the objects themselves are written as JSON text")]
pub struct MergedEntry {
    /// The path from the root, without a leading slash.
    path: String,
    /// What it is. Names of one hard-linked file are files each.
    #[tsify(type = "\"file\" | \"dir\" | \"symlink\" | \"char\" | \"block\" | \"fifo\" | \"unknown\"")]
    kind: String,
    /// Permissions: the low twelve bits.
    mode: u32,
    /// The owner.
    uid: f64,
    /// The group.
    gid: f64,
    /// The size of a file in bytes; 0 for all else.
    size: f64,
    /// When it was changed, in seconds since 1970.
    mtime: f64,
    /// The layer that brought this name, the base being 0.
    layer: u32,
    /// The target of a symbolic link, as written.
    #[tsify(optional)]
    link: Option<String>,
    /// Major and minor number of a device.
    #[tsify(optional, type = "[number, number]")]
    device: Option<(f64, f64)>,
    /// No entry names this directory.
    #[tsify(optional)]
    implicit: Option<bool>,
    /// The same number for all names of one hard-linked file. What has one name has none.
    #[tsify(optional)]
    inode: Option<u32>,
    /// Extended attributes, their values in base64.
    #[tsify(optional, type = "Record<string, string>")]
    xattrs: Option<()>,
    /// The sha256 of the content in hexadecimal, where contents were hashed.
    #[tsify(optional)]
    sha256: Option<String>,
}

fn listing(index: &LayerIndex) -> Result<JsValue, JsValue> {
    let mut out = Json::list();
    for member in index.iter() {
        out.member(&member);
    }
    out.parse()
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let letter = LETTERS.get((bits >> (18 - 6 * at) & 63) as usize).copied().unwrap_or(b'=');
            out.push(if at <= group.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// Writes a list of entries as JSON text in ASCII, which the host's own parser turns into objects much faster than they
/// could be made one property at a time, and which can say what no Rust string can: lone surrogates.
pub(super) struct Json(String);

impl Json {
    pub(super) fn list() -> Self {
        Self(String::from("["))
    }

    pub(super) fn begin(&mut self) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push('{');
    }

    pub(super) fn key(&mut self, key: &str) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
    }

    pub(super) fn text(&mut self, bytes: &[u8]) {
        use std::fmt::Write;
        self.0.push('"');
        for chunk in bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '"' => self.0.push_str("\\\""),
                    '\\' => self.0.push_str("\\\\"),
                    ' '..='~' => self.0.push(character),
                    _ => {
                        for unit in character.encode_utf16(&mut [0; 2]) {
                            let _ = write!(self.0, "\\u{unit:04x}");
                        }
                    }
                }
            }
            for byte in chunk.invalid() {
                let _ = write!(self.0, "\\udc{byte:02x}");
            }
        }
        self.0.push('"');
    }

    pub(super) fn number(&mut self, key: &str, number: impl std::fmt::Display) {
        use std::fmt::Write;
        self.key(key);
        let _ = write!(self.0, "{number}");
    }

    pub(super) fn time(&mut self, time: Timestamp) {
        if time.nanos == 0 {
            self.number("mtime", time.seconds);
        } else {
            self.number("mtime", time.seconds as f64 + f64::from(time.nanos) / 1e9);
        }
    }

    fn sha256(&mut self, hash: &[u8; 32]) {
        self.key("sha256");
        self.text(Digest::sha256(hash).encoded().as_bytes());
    }

    fn device(&mut self, kind: EntryKind, (major, minor): (i64, i64)) {
        if matches!(kind, EntryKind::Char | EntryKind::Block) {
            self.key("device");
            self.0.push_str(&format!("[{major},{minor}]"));
        }
    }

    pub(super) fn names<'a>(&mut self, key: &str, names: impl Iterator<Item = &'a [u8]>) {
        self.key(key);
        self.0.push('[');
        for (at, name) in names.enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            self.text(name);
        }
        self.0.push(']');
    }

    fn member(&mut self, member: &Member<'_>) {
        self.begin();
        self.key("path");
        self.text(member.path);
        self.key("kind");
        self.text(member.kind.name().as_bytes());
        self.number("mode", member.mode & 0o7777);
        self.number("uid", member.uid);
        self.number("gid", member.gid);
        self.number("size", member.size);
        self.time(member.mtime);
        if !member.link.is_empty() {
            self.key("link");
            self.text(member.link);
        }
        self.device(member.kind, member.device);
        for (key, name) in [("uname", member.uname), ("gname", member.gname)] {
            if !name.is_empty() {
                self.key(key);
                self.text(name);
            }
        }
        if !member.xattrs.is_empty() {
            self.names("xattrs", member.xattrs.iter().map(|(name, _)| name.as_slice()));
        }
        if let Some(hash) = member.sha256 {
            self.sha256(hash);
        }
        if !member.ambiguity.is_empty() {
            self.names("ambiguous", member.ambiguity.codes().map(str::as_bytes));
        }
        self.0.push('}');
    }

    fn merged(&mut self, view: &FileView<'_>) {
        let of = &view.node.attributes;
        self.begin();
        self.key("path");
        self.text(view.path);
        self.key("kind");
        self.text(of.kind.name().as_bytes());
        self.number("mode", of.mode);
        self.number("uid", of.uid);
        self.number("gid", of.gid);
        self.number("size", if of.kind == EntryKind::File { of.size } else { 0 });
        self.time(of.mtime);
        self.number("layer", view.name.origin.layer);
        if of.kind == EntryKind::Symlink {
            self.key("link");
            self.text(&of.link);
        }
        self.device(of.kind, of.device);
        if view.node.implicit {
            self.key("implicit");
            self.0.push_str("true");
        }
        if view.linked {
            self.number("inode", view.name.node.number());
        }
        if !view.xattrs.is_empty() {
            self.key("xattrs");
            self.0.push('{');
            for (at, (name, value)) in view.xattrs.iter().enumerate() {
                if at > 0 {
                    self.0.push(',');
                }
                self.text(name);
                self.0.push(':');
                self.text(base64(value).as_bytes());
            }
            self.0.push('}');
        }
        if let Some(hash) = &view.sha256 {
            self.sha256(hash);
        }
        self.end();
    }

    /// The end of an object.
    pub(super) fn end(&mut self) {
        self.0.push('}');
    }

    pub(super) fn parse(mut self) -> Result<JsValue, JsValue> {
        self.0.push(']');
        js_sys::JSON::parse(&self.0)
    }
}
