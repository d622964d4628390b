//! Opens what holds images: finds the documents, follows them, and notes what is wrong.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use serde::Serialize;
use serde_json::{Map, Value};

use super::describe::{Described, Notes, valid_ref_name};
use super::entries::MergedTree;
use super::finding::ImageFinding;
use super::known::KnownLayers;
use super::read::{Source, Step, Watch};
use super::store::{Blob, FindError, Outer, Store};
use super::{Limits, OpenError};
use crate::oci::hash::{digest as hash, sha256};
use crate::oci::{Compression, Digest, ImageConfig, MediaKind, MediaType, Platform, Reference, json};

/// How images are laid out in what was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "kebab-case")]
pub enum ImageForm {
    /// An OCI image layout: `index.json` and `blobs`.
    OciLayout,
    /// A Docker archive: `manifest.json`.
    DockerArchive,
    /// A Docker archive of before 1.10: `repositories` and a directory a layer.
    DockerV1,
    /// Both an OCI layout and a Docker archive, as `docker save` makes since version 25.
    Hybrid,
}

/// What a manifest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "lowercase")]
pub enum ManifestKind {
    /// A container image.
    Image,
    /// A container image of Docker's schema 1, which has no configuration.
    Schema1,
    /// A list of manifests.
    Index,
    /// Something else in an image's clothes: a signature, an SBOM, a chart.
    Artifact,
    /// What a builder says about how an image was made.
    Attestation,
    /// A descriptor whose blob is not there.
    Missing,
    /// A document of a type that we do not know.
    Other,
}

/// A layer of an image, or a blob of an artifact, as its manifest names it.
#[derive(Clone, Debug)]
pub struct LayerRef {
    /// The digest of the blob as declared. In a Docker archive there is none.
    pub digest: Option<Digest>,
    /// Its size as declared, in bytes.
    pub size: Option<u64>,
    /// Its media type.
    pub media_type: MediaType,
    /// The digest of the uncompressed tar as the configuration declares it.
    pub diff_id: Option<Digest>,
    /// Annotations of the descriptor.
    pub annotations: Map<String, Value>,
    /// The blob, if it is there.
    pub blob: Option<Blob>,
    /// Where it is, or should be, in what was opened.
    pub file: String,
}

impl LayerRef {
    /// Its content is encrypted.
    pub fn encrypted(&self) -> bool {
        matches!(self.media_type.kind(), MediaKind::Layer { encrypted: true, .. })
    }

    /// It may be left out of archives and registries.
    pub fn foreign(&self) -> bool {
        matches!(self.media_type.kind(), MediaKind::Layer { nondistributable: true, .. })
    }

    /// A name for messages: the digest, or the file.
    pub fn name(&self) -> &str {
        self.digest.as_ref().map_or(&self.file, Digest::as_str)
    }
}

/// One manifest of what was opened.
#[derive(Clone, Debug)]
pub struct ImageManifest {
    /// What it is.
    pub kind: ManifestKind,
    /// Its identity: the digest of the manifest; of the configuration in a Docker archive, which has no manifests.
    pub digest: Digest,
    /// Its media type as its descriptor says.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub size: u64,
    /// The names it has.
    pub refs: Vec<String>,
    /// The platform that its descriptor names, or else its configuration.
    pub platform: Option<Platform>,
    /// What kind of artifact it is, if any.
    pub artifact_type: Option<String>,
    /// Annotations of the manifest.
    pub annotations: Map<String, Value>,
    /// The manifest that it is about.
    pub subject: Option<Digest>,
    /// The image that it attests.
    pub attests: Option<Digest>,
    /// The indexes through which it was reached, the outermost first.
    pub via: Vec<Digest>,
    /// The digest of the configuration.
    pub config_digest: Option<Digest>,
    /// The media type of the configuration.
    pub config_type: MediaType,
    /// The configuration of an image, if it reads as one.
    pub config: Option<ImageConfig>,
    /// The configuration as JSON, if it is JSON.
    pub config_json: Option<Value>,
    /// The layers from the base up, or the blobs of an artifact.
    pub layers: Vec<LayerRef>,
    /// The digests that an index names.
    pub entries: Vec<Digest>,
    /// The document, in a Docker archive the item of `manifest.json`.
    pub json: Value,
}

impl ImageManifest {
    /// It is a container image.
    pub fn is_image(&self) -> bool {
        matches!(self.kind, ManifestKind::Image | ManifestKind::Schema1)
    }
}

/// What an archive, a layout directory or a stream holds.
pub struct Image {
    /// How it is laid out.
    pub form: ImageForm,
    /// What the archive as a whole is compressed with.
    pub compression: Compression,
    /// Everything that the index leads to, each digest once.
    pub manifests: Vec<ImageManifest>,
    /// What is wrong or odd about the archive and its documents. Layers are looked at by `verify`.
    pub findings: Vec<ImageFinding>,
    /// The bounds it was opened with.
    pub limits: Limits,
    pub(crate) store: Store,
    pub(crate) reached: HashSet<u32>,
    /// The merged tree that files were last read from.
    pub(crate) last_tree: RefCell<Option<(usize, Rc<MergedTree>)>>,
    pub(crate) known: KnownLayers,
}

/// A document that was read.
struct Document {
    value: Value,
    bytes: Vec<u8>,
}

struct Opener<'a> {
    store: &'a Store,
    limits: &'a Limits,
    watch: &'a dyn Watch,
    findings: Vec<ImageFinding>,
    manifests: Vec<ImageManifest>,
    visited: HashMap<Digest, (usize, u64)>,
    reached: HashSet<u32>,
    documents: usize,
}

struct Visit {
    descriptor: Described,
    depth: usize,
    via: Vec<Digest>,
    document: String,
    reference: Option<String>,
}

impl Image {
    /// Opens an archive: an OCI layout or Docker archive as a tar, plain or compressed as a whole.
    ///
    /// # Errors
    /// [`OpenError`] if it holds no image that could be described. Damage behind that is in [`Image::findings`].
    pub async fn open(source: Source, limits: Limits, watch: &dyn Watch) -> Result<Self, OpenError> {
        let (store, outer) = Store::archive(source, &limits, watch).await?;
        Self::from_store(store, outer, limits, watch).await
    }

    /// Opens a directory: its files by their paths from it, with `/` between the parts.
    ///
    /// # Errors
    /// [`OpenError`], as for [`Image::open`].
    pub async fn open_directory(
        files: Vec<(String, Source)>,
        limits: Limits,
        watch: &dyn Watch,
    ) -> Result<Self, OpenError> {
        let outer = Outer { compression: Compression::None, findings: Vec::new() };
        Self::from_store(Store::directory(files), outer, limits, watch).await
    }

    pub(crate) async fn from_store(
        store: Store,
        outer: Outer,
        limits: Limits,
        watch: &dyn Watch,
    ) -> Result<Self, OpenError> {
        let mut opener = Opener {
            store: &store,
            limits: &limits,
            watch,
            findings: outer.findings,
            manifests: Vec::new(),
            visited: HashMap::new(),
            reached: HashSet::new(),
            documents: 0,
        };
        let form = opener.all().await?;
        let (manifests, findings, reached) = (opener.manifests, opener.findings, opener.reached);
        let (last_tree, known) = (RefCell::default(), KnownLayers::default());
        Ok(Self { form, compression: outer.compression, manifests, findings, limits, store, reached, last_tree, known })
    }

    /// The files it is made of.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The container images, in the order of the index.
    pub fn images(&self) -> impl Iterator<Item = (usize, &ImageManifest)> {
        self.manifests.iter().enumerate().filter(|(_, manifest)| manifest.is_image())
    }

    /// The image that a name, a digest (or the start of one) or a platform picks; without any, the first one.
    /// The answer is its place in [`Image::manifests`].
    pub fn pick(&self, name: Option<&str>, platform: Option<&Platform>) -> Option<usize> {
        let named = |manifest: &ImageManifest| {
            name.is_none_or(|name| {
                let hex = name.strip_prefix("sha256:").unwrap_or(name);
                let list = self.manifests.iter().filter(|list| list.refs.iter().any(|own| own == name));
                manifest.refs.iter().any(|own| own == name)
                    || manifest.annotations.get("org.opencontainers.image.ref.name").is_some_and(|own| own == name)
                    || manifest.digest.as_str() == name
                    || hex.len() >= 6 && manifest.digest.encoded().starts_with(hex)
                    || list.into_iter().any(|list| manifest.via.contains(&list.digest))
            })
        };
        let fits = |manifest: &ImageManifest| {
            platform.is_none_or(|wanted| manifest.platform.as_ref().is_some_and(|own| own.satisfies(wanted)))
        };
        self.images().find(|(_, manifest)| named(manifest) && fits(manifest)).map(|(at, _)| at)
    }
}

impl Opener<'_> {
    async fn all(&mut self) -> Result<ImageForm, OpenError> {
        let index = self.store.find("index.json");
        let docker = self.store.find("manifest.json");
        let mut failure = None;
        let mut index_document = None;
        match &index {
            Ok(blob) => match self.read(*blob, "index.json").await? {
                Ok(document) => index_document = Some(document),
                Err(finding) => failure = Some(finding),
            },
            Err(FindError::Missing(_)) => {}
            Err(error) => {
                failure = Some(ImageFinding::error(error.code(), error.to_string()).in_document("index.json"))
            }
        }
        let layout = self.store.find("oci-layout").is_ok();
        let filled = index_document.as_ref().is_some_and(|document| {
            document.value.get("manifests").and_then(Value::as_array).is_some_and(|list| !list.is_empty())
        });
        if let Some(document) = index_document
            && (filled || docker.is_err())
        {
            self.layout(&document).await?;
            if let Ok(blob) = docker {
                self.compare_with_docker(blob).await?;
                return Ok(ImageForm::Hybrid);
            }
            return Ok(ImageForm::OciLayout);
        }
        if let Ok(blob) = docker {
            if let Some(finding) = failure.take() {
                self.findings.push(finding);
            }
            let document = self.read(blob, "manifest.json").await?.map_err(fatal)?;
            self.docker(&document).await?;
            return Ok(if layout && index.is_ok() { ImageForm::Hybrid } else { ImageForm::DockerArchive });
        }
        if let Some(finding) = failure {
            return Err(fatal(finding));
        }
        match self.store.find("repositories") {
            Ok(blob) => {
                let document = self.read(blob, "repositories").await?.map_err(fatal)?;
                self.repositories(&document.value).await?;
                Ok(ImageForm::DockerV1)
            }
            Err(_) => Err(OpenError::NoImage),
        }
    }

    /// Reads a JSON document. The inner error is what is wrong with it.
    async fn read(&mut self, blob: Blob, name: &str) -> Result<Result<Document, ImageFinding>, OpenError> {
        self.reached.insert(blob.number);
        self.documents += 1;
        self.watch.step(Step { phase: "open", done: self.documents as u64, total: None, item: Some(name) }).await;
        if blob.size > self.limits.json.bytes as u64 {
            let error = json::JsonError::TooLarge { size: blob.size, limit: self.limits.json.bytes as u64 };
            return Ok(Err(ImageFinding::error(error.code(), error.to_string()).in_document(name)));
        }
        if self.store.passed_by(blob) {
            let error = json::JsonError::Syntax { what: "it begins as no document does", offset: 0 };
            return Ok(Err(ImageFinding::error(error.code(), error.to_string()).in_document(name)));
        }
        let bytes = match self.store.read_all(blob).await {
            Ok(bytes) => bytes,
            Err(error) => {
                return Ok(Err(ImageFinding::error("SOURCE_UNREADABLE", error.to_string()).in_document(name)));
            }
        };
        match json::parse(&bytes, self.limits.json) {
            Ok((value, issues)) => {
                for issue in issues {
                    let (code, message) = (issue.code, "readers disagree about this");
                    let finding = match code {
                        "JSON_DUPLICATE_KEY" => {
                            ImageFinding::error(code, "a key stands twice: readers take different ones")
                        }
                        _ => ImageFinding::warning(code, message),
                    };
                    self.findings.push(finding.in_document(name).at(issue.path).at_offset(Some(issue.offset as u64)));
                }
                Ok(Ok(Document { value, bytes }))
            }
            Err(error) => Ok(Err(ImageFinding::error(error.code(), error.to_string()).in_document(name))),
        }
    }

    fn notes<'a>(&'a mut self, document: &'a str) -> Notes<'a> {
        Notes { document, findings: &mut self.findings }
    }

    /// `oci-layout` and `index.json`.
    async fn layout(&mut self, index: &Document) -> Result<(), OpenError> {
        match self.store.find("oci-layout") {
            Ok(blob) => match self.read(blob, "oci-layout").await? {
                Ok(document) => {
                    let version = document.value.get("imageLayoutVersion").and_then(Value::as_str);
                    if version != Some("1.0.0") {
                        let message = "the version of the layout is not 1.0.0";
                        self.notes("oci-layout").warning("LAYOUT_VERSION", "$.imageLayoutVersion", message);
                    }
                }
                Err(finding) => self.findings.push(finding),
            },
            Err(error) => {
                let message = format!("no oci-layout file says that this is a layout: {error}");
                self.findings.push(ImageFinding::warning("LAYOUT_FILE_MISSING", message).in_document("oci-layout"));
            }
        }
        let media = MediaType::from(MediaType::OCI_INDEX);
        let descriptors = self.index(&index.value, &media, "index.json");
        self.subject(index.value.get("subject"), "index.json");
        let mut queue: VecDeque<Visit> = VecDeque::new();
        for descriptor in descriptors {
            let name = descriptor.annotation("org.opencontainers.image.ref.name").map(str::to_owned);
            if let Some(name) = &name
                && !valid_ref_name(name)
            {
                let at = format!("{}.annotations", descriptor.path);
                let message = "the reference name is none that the specification allows";
                self.notes("index.json").warning("REF_NAME_INVALID", &at, message);
            }
            // containerd and BuildKit keep the whole name beside the tag that the specification knows.
            let whole = descriptor.annotation("io.containerd.image.name").filter(|name| valid_ref_name(name));
            let name = whole.map(str::to_owned).or(name);
            queue.push_back(Visit {
                descriptor,
                depth: 0,
                via: Vec::new(),
                document: "index.json".into(),
                reference: name,
            });
        }
        while let Some(visit) = queue.pop_front() {
            if self.documents > self.limits.documents {
                let message = format!("there are more than {} documents", self.limits.documents);
                self.findings.push(ImageFinding::error("TOO_MANY_DOCUMENTS", message));
                break;
            }
            self.visit(visit, &mut queue).await?;
        }
        self.attestations();
        Ok(())
    }

    /// The descriptors of an index.
    fn index(&mut self, value: &Value, media: &MediaType, name: &str) -> Vec<Described> {
        let limit = self.limits.documents;
        let mut notes = self.notes(name);
        let Some(object) = value.as_object() else {
            notes.error("INDEX_INVALID", "$", "the index is no object");
            return Vec::new();
        };
        notes.manifest_keys(object);
        notes.schema_version(object, 2);
        match object.get("mediaType") {
            // Layouts of Docker lists have the list's type here.
            Some(Value::String(own)) if MediaType::from(own.as_str()).kind() == MediaKind::Index => {
                if name != "index.json" {
                    notes.own_media_type(object, media);
                }
            }
            _ => notes.own_media_type(object, media),
        }
        for key in ["layers", "config", "fsLayers"] {
            if object.contains_key(key) {
                let message = format!("an index has `{key}`: readers may take it for a manifest");
                notes.error("MANIFEST_AMBIGUOUS", &format!("$.{key}"), message);
            }
        }
        notes.annotations(object.get("annotations"), "$.annotations");
        notes.artifact_type(object, "$");
        let mut descriptors = match notes.descriptors(object.get("manifests"), "$.manifests") {
            Some(descriptors) => descriptors,
            None if object.get("manifests").is_some_and(Value::is_null) => {
                // Docker 25 writes this when it saves an image by its ID.
                notes.warning(
                    "MANIFESTS_NULL",
                    "$.manifests",
                    "`manifests` is null where the specification wants a list",
                );
                Vec::new()
            }
            None => {
                notes.error("INDEX_WITHOUT_MANIFESTS", "$.manifests", "the index has no list of manifests");
                Vec::new()
            }
        };
        if descriptors.len() > limit {
            notes.error("TOO_MANY_DOCUMENTS", "$.manifests", format!("there are more than {limit} descriptors"));
            descriptors.truncate(limit);
        }
        descriptors
    }

    async fn visit(&mut self, visit: Visit, queue: &mut VecDeque<Visit>) -> Result<(), OpenError> {
        let Visit { descriptor, depth, via, document, reference } = visit;
        let Some(digest) = descriptor.digest.clone() else { return Ok(()) };
        if let Some((known, size)) = self.visited.get(&digest) {
            let (known, size) = (*known, *size);
            if descriptor.size.is_some_and(|said| said != size) {
                self.size_mismatch(&document, &descriptor, size);
            }
            if let (Some(name), Some(manifest)) = (reference, self.manifests.get_mut(known))
                && !manifest.refs.contains(&name)
            {
                manifest.refs.push(name);
            }
            return Ok(());
        }
        let mut manifest = ImageManifest {
            kind: ManifestKind::Missing,
            digest: digest.clone(),
            media_type: descriptor.media_type.clone(),
            size: descriptor.size.unwrap_or(0),
            refs: reference.into_iter().collect(),
            platform: descriptor.platform.clone(),
            artifact_type: descriptor.artifact_type.clone(),
            annotations: descriptor.annotations.clone(),
            subject: None,
            attests: None,
            via: via.clone(),
            config_digest: None,
            config_type: MediaType::default(),
            config: None,
            config_json: None,
            layers: Vec::new(),
            entries: Vec::new(),
            json: Value::Null,
        };
        let place = self.manifests.len();
        let blob = match self.store.find(&digest.blob_path()) {
            Ok(blob) => blob,
            Err(error) => {
                let nested = depth > 0 && matches!(error, FindError::Missing(_));
                let message = format!("the manifest {digest} is not in the layout: {error}");
                let code = if matches!(error, FindError::Missing(_)) { "MANIFEST_MISSING" } else { error.code() };
                // Indexes of many platforms often come with only one of them.
                let finding =
                    if nested { ImageFinding::warning(code, message) } else { ImageFinding::error(code, message) };
                self.notes(&document).add(finding.at(descriptor.path.clone()));
                self.visited.insert(digest, (place, manifest.size));
                self.manifests.push(manifest);
                return Ok(());
            }
        };
        self.visited.insert(digest.clone(), (place, blob.size));
        if descriptor.size.is_some_and(|size| size != blob.size) {
            self.size_mismatch(&document, &descriptor, blob.size);
        }
        manifest.size = blob.size;
        let mut descriptor = descriptor;
        if descriptor.media_type.as_str().is_empty() && blob.size <= self.limits.json.bytes as u64 {
            // What is missing was reported; the document itself tells what it is.
            descriptor.media_type = self.guess_type(blob).await;
            manifest.media_type = descriptor.media_type.clone();
        }
        let kind = descriptor.media_type.kind();
        let known =
            matches!(kind, MediaKind::Manifest | MediaKind::Index | MediaKind::Schema1 | MediaKind::ArtifactManifest);
        if !known {
            // Any content may stand in an index; it is looked at as bytes by `verify`.
            manifest.kind = ManifestKind::Other;
            manifest.layers.push(self.layer_ref(&descriptor, &document, None));
            self.manifests.push(manifest);
            return Ok(());
        }
        if depth > self.limits.index_depth {
            let message = format!("indexes are nested deeper than {}", self.limits.index_depth);
            self.notes(&document).error("INDEX_TOO_DEEP", &descriptor.path, message);
            self.manifests.push(manifest);
            return Ok(());
        }
        let name = digest.as_str().to_owned();
        let read = match self.read(blob, &name).await? {
            Ok(read) => read,
            Err(finding) => {
                self.findings.push(finding);
                manifest.kind = ManifestKind::Other;
                self.manifests.push(manifest);
                return Ok(());
            }
        };
        if hash(digest.algorithm(), &read.bytes).is_some_and(|computed| computed != digest) {
            let message = "the bytes of the manifest are not those that the digest names";
            let finding = ImageFinding::error("MANIFEST_DIGEST_MISMATCH", message).at(descriptor.path.clone());
            self.notes(&document).add(finding);
        }
        match kind {
            MediaKind::Index => {
                manifest.kind = ManifestKind::Index;
                let mut via = via;
                via.push(digest);
                for child in self.index(&read.value, &descriptor.media_type, &name) {
                    manifest.entries.extend(child.digest.clone());
                    let visit = Visit {
                        descriptor: child,
                        depth: depth + 1,
                        via: via.clone(),
                        document: name.clone(),
                        reference: None,
                    };
                    queue.push_back(visit);
                }
                if let Some(Value::Object(own)) = read.value.get("annotations") {
                    manifest.annotations = own.clone();
                }
                manifest.subject = self.subject(read.value.get("subject"), &name);
                let own = read.value.get("artifactType").and_then(Value::as_str).map(str::to_owned);
                manifest.artifact_type = own.or(manifest.artifact_type);
            }
            MediaKind::Schema1 => self.schema1(&mut manifest, &read.value, &name),
            MediaKind::ArtifactManifest => {
                manifest.kind = ManifestKind::Artifact;
                let blobs = self.notes(&name).descriptors(read.value.get("blobs"), "$.blobs").unwrap_or_default();
                manifest.layers = blobs.iter().map(|blob| self.layer_ref(blob, &name, None)).collect();
            }
            _ => self.manifest(&mut manifest, &descriptor, &read.value, &name).await?,
        }
        manifest.json = read.value;
        self.manifests.push(manifest);
        Ok(())
    }

    /// The media type of a document whose descriptor names none.
    async fn guess_type(&self, blob: Blob) -> MediaType {
        let bytes = self.store.read_all(blob).await.unwrap_or_default();
        let Ok((value, _)) = json::parse(&bytes, self.limits.json) else { return MediaType::default() };
        if let Some(own) = value.get("mediaType").and_then(Value::as_str).filter(|own| !own.is_empty()) {
            return own.into();
        }
        if value.get("manifests").is_some_and(Value::is_array) {
            MediaType::OCI_INDEX.into()
        } else if value.get("layers").is_some_and(Value::is_array) && value.get("config").is_some() {
            MediaType::OCI_MANIFEST.into()
        } else {
            MediaType::default()
        }
    }

    fn size_mismatch(&mut self, document: &str, descriptor: &Described, size: u64) {
        let said = descriptor.size.unwrap_or(0);
        let message = format!("the descriptor says {said} bytes, the content has {size}");
        self.notes(document).error("SIZE_MISMATCH", &format!("{}.size", descriptor.path), message);
    }

    /// A blob that a manifest names.
    fn layer_ref(&mut self, described: &Described, document: &str, diff_id: Option<Digest>) -> LayerRef {
        let file = described.digest.as_ref().map(Digest::blob_path).unwrap_or_default();
        let mut layer = LayerRef {
            digest: described.digest.clone(),
            size: described.size,
            media_type: described.media_type.clone(),
            diff_id,
            annotations: described.annotations.clone(),
            blob: None,
            file,
        };
        if described.digest.is_none() {
            return layer;
        }
        match self.store.find(&layer.file) {
            Ok(blob) => {
                layer.blob = Some(blob);
                self.reached.insert(blob.number);
                if described.size.is_some_and(|size| size != blob.size) {
                    self.size_mismatch(document, described, blob.size);
                }
            }
            Err(error) => {
                let foreign = layer.foreign() && matches!(error, FindError::Missing(_));
                let finding = if foreign {
                    ImageFinding::warning(
                        "LAYER_NOT_INCLUDED",
                        "a foreign layer is not in the layout; it is not fetched",
                    )
                } else if described.data.is_some() {
                    ImageFinding::warning("BLOB_ONLY_EMBEDDED", "the blob is only in the data of its descriptor")
                } else {
                    let code = if matches!(error, FindError::Missing(_)) { "BLOB_MISSING" } else { error.code() };
                    ImageFinding::error(code, error.to_string())
                };
                self.notes(document).add(finding.at(described.path.clone()).in_layer(layer.name()));
            }
        }
        layer
    }

    /// An image manifest of OCI or Docker.
    async fn manifest(
        &mut self,
        manifest: &mut ImageManifest,
        descriptor: &Described,
        value: &Value,
        name: &str,
    ) -> Result<(), OpenError> {
        manifest.kind = ManifestKind::Other;
        let mut notes = self.notes(name);
        let Some(object) = value.as_object() else {
            notes.error("MANIFEST_INVALID", "$", "the manifest is no object");
            return Ok(());
        };
        notes.manifest_keys(object);
        notes.schema_version(object, 2);
        notes.own_media_type(object, &descriptor.media_type);
        for key in ["manifests", "fsLayers"] {
            if object.contains_key(key) {
                let message = format!("a manifest has `{key}`: readers may take it for something else");
                notes.error("MANIFEST_AMBIGUOUS", &format!("$.{key}"), message);
            }
        }
        let annotations = notes.annotations(object.get("annotations"), "$.annotations");
        for (key, value) in annotations {
            manifest.annotations.insert(key, value);
        }
        let config = match object.get("config") {
            Some(config) => Some(notes.descriptor(config, "$.config")),
            None => {
                notes.error("MANIFEST_WITHOUT_CONFIG", "$.config", "the manifest has no config");
                None
            }
        };
        let layers = match notes.descriptors(object.get("layers"), "$.layers") {
            Some(layers) => layers,
            None if object.get("layers").is_some_and(Value::is_null) => {
                // BuildKit writes this for an image without layers.
                notes.warning("LAYERS_NULL", "$.layers", "`layers` is null where the specification wants a list");
                Vec::new()
            }
            None => {
                notes.error("MANIFEST_WITHOUT_LAYERS", "$.layers", "the manifest has no list of layers");
                Vec::new()
            }
        };
        for layer in &layers {
            notes.layer_urls(layer);
            if matches!(layer.media_type.kind(), MediaKind::Layer { nondistributable: true, .. }) {
                let message = "layers that are not distributed are deprecated";
                notes.info("LAYER_NONDISTRIBUTABLE", &format!("{}.mediaType", layer.path), message);
            }
        }
        let own_artifact = notes.artifact_type(object, "$").filter(|text| !text.is_empty());
        let config_type = config.as_ref().map(|config| config.media_type.clone()).unwrap_or_default();
        if let Some(said) = &descriptor.artifact_type
            && own_artifact.unwrap_or(config_type.as_str()) != said
        {
            let message = "the descriptor names another artifactType than the manifest";
            notes.warning("ARTIFACT_TYPE_MISMATCH", "$.artifactType", message);
        }
        if config_type.kind() == MediaKind::Empty && own_artifact.is_none() {
            let message = "the config is empty and there is no artifactType";
            notes.warning("ARTIFACT_TYPE_MISSING", "$.artifactType", message);
        }
        manifest.subject = self.subject(object.get("subject"), name);
        manifest.artifact_type = own_artifact.map(str::to_owned).or(manifest.artifact_type.take());
        manifest.config_type = config_type.clone();
        manifest.config_digest = config.as_ref().and_then(|config| config.digest.clone());

        let attestation = descriptor.annotation("vnd.docker.reference.type") == Some("attestation-manifest");
        let filesystem = layers.iter().filter(|layer| layer.media_type.is_layer()).count();
        let image_config = config_type.kind() == MediaKind::Config;
        manifest.kind = if attestation {
            ManifestKind::Attestation
        } else if image_config && own_artifact.is_none() && filesystem == layers.len() {
            ManifestKind::Image
        } else {
            ManifestKind::Artifact
        };
        if attestation {
            manifest.attests =
                descriptor.annotation("vnd.docker.reference.digest").and_then(|digest| digest.parse().ok());
        }
        if manifest.kind == ManifestKind::Artifact && image_config && own_artifact.is_none() && filesystem > 0 {
            let odd = layers.iter().find(|layer| !layer.media_type.is_layer());
            let at = odd.map_or("$.layers", |layer| layer.path.as_str());
            self.notes(name).warning("LAYER_TYPE_UNKNOWN", at, "a layer among others has a type that is no layer's");
        }
        let unknown = |platform: &Platform| platform.os == "unknown" && platform.architecture == "unknown";
        if manifest.kind == ManifestKind::Image && manifest.platform.as_ref().is_some_and(unknown) {
            let message = "an ordinary image is listed for the platform unknown/unknown";
            self.notes(name).warning("PLATFORM_UNKNOWN", "$", message);
        }
        let image = manifest.kind == ManifestKind::Image;
        let mut diff_ids = Vec::new();
        if let Some(config) = &config {
            diff_ids = self.config(manifest, config, name, image, layers.len()).await?;
        }
        for (number, layer) in layers.iter().enumerate() {
            let diff_id = diff_ids.get(number).cloned().flatten();
            manifest.layers.push(self.layer_ref(layer, name, diff_id));
        }
        Ok(())
    }

    /// What a manifest or an index is about.
    fn subject(&mut self, value: Option<&Value>, name: &str) -> Option<Digest> {
        let value = value.filter(|subject| !subject.is_null())?;
        let subject = self.notes(name).descriptor(value, "$.subject");
        if let Some(digest) = &subject.digest
            && let Ok(blob) = self.store.find(&digest.blob_path())
            && subject.size.is_some_and(|size| size != blob.size)
        {
            let message = "the subject has another size than this says";
            self.notes(name).warning("SUBJECT_SIZE_MISMATCH", "$.subject.size", message);
        }
        subject.digest
    }

    /// Reads the configuration that a manifest names. Answers with the diffIDs.
    async fn config(
        &mut self,
        manifest: &mut ImageManifest,
        described: &Described,
        document: &str,
        image: bool,
        layers: usize,
    ) -> Result<Vec<Option<Digest>>, OpenError> {
        let Some(digest) = described.digest.clone() else { return Ok(Vec::new()) };
        let blob = match self.store.find(&digest.blob_path()) {
            Ok(blob) => blob,
            Err(error) => {
                let finding = if described.data.is_some() {
                    ImageFinding::warning("BLOB_ONLY_EMBEDDED", "the config is only in the data of its descriptor")
                } else {
                    ImageFinding::error("CONFIG_MISSING", format!("the config is not there: {error}"))
                };
                self.notes(document).add(finding.at("$.config"));
                if let Some(data) = described.data.clone().filter(|_| image)
                    && let Ok((value, _)) = json::parse(&data, self.limits.json)
                {
                    return Ok(self.image_config(manifest, value, digest.as_str(), layers));
                }
                return Ok(Vec::new());
            }
        };
        self.reached.insert(blob.number);
        if described.size.is_some_and(|size| size != blob.size) {
            self.size_mismatch(document, described, blob.size);
        }
        if !image {
            // An artifact's config may be anything; `verify` hashes it.
            return Ok(Vec::new());
        }
        match self.read(blob, digest.as_str()).await? {
            Ok(read) => {
                if hash(digest.algorithm(), &read.bytes).is_some_and(|computed| computed != digest) {
                    let message = "the bytes of the config are not those that the digest names";
                    self.notes(document).error("CONFIG_DIGEST_MISMATCH", "$.config", message);
                }
                Ok(self.image_config(manifest, read.value, digest.as_str(), layers))
            }
            Err(finding) => {
                self.findings.push(finding);
                Ok(Vec::new())
            }
        }
    }

    /// An image configuration. Answers with the diffIDs, `None` for those that are none.
    fn image_config(
        &mut self,
        manifest: &mut ImageManifest,
        value: Value,
        name: &str,
        layers: usize,
    ) -> Vec<Option<Digest>> {
        let mut notes = self.notes(name);
        let Some(object) = value.as_object() else {
            notes.error("CONFIG_INVALID", "$", "the config is no object");
            return Vec::new();
        };
        notes.config_keys(object);
        let text = |key: &str| object.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        for key in ["architecture", "os"] {
            if text(key).is_none() {
                notes.warning("CONFIG_PLATFORM_MISSING", &format!("$.{key}"), format!("the config has no {key}"));
            }
        }
        if let Some(said) = &manifest.platform
            && said.os != "unknown"
        {
            for (key, said) in [("architecture", &said.architecture), ("os", &said.os)] {
                if let Some(own) = text(key)
                    && !said.is_empty()
                    && own != said
                {
                    let message = format!("the descriptor says {said}, the config {own}");
                    notes.warning("PLATFORM_MISMATCH", &format!("$.{key}"), message);
                }
            }
        }
        notes.created(object.get("created"), "$.created");
        notes.execution(object.get("config"));
        let mut diff_ids = Vec::new();
        match object.get("rootfs").and_then(Value::as_object) {
            Some(rootfs) => {
                let at = "$.rootfs.type";
                match rootfs.get("type").and_then(Value::as_str) {
                    Some("layers") => {}
                    Some(_) => notes.error("ROOTFS_TYPE", at, "the type of the rootfs is not `layers`"),
                    None => notes.warning("ROOTFS_TYPE", at, "the rootfs has no type"),
                }
                if !rootfs.get("diff_ids").is_some_and(Value::is_array) {
                    // Docker leaves it out where there is no layer.
                    notes.info("DIFF_IDS_MISSING", "$.rootfs.diff_ids", "the rootfs has no list of diffIDs");
                }
                let list = rootfs.get("diff_ids").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                for (number, item) in list.iter().enumerate() {
                    diff_ids.push(notes.digest(Some(item), &format!("$.rootfs.diff_ids[{number}]")));
                }
            }
            None => notes.error("CONFIG_WITHOUT_ROOTFS", "$.rootfs", "the config has no rootfs"),
        }
        if object.contains_key("rootfs") && diff_ids.len() != layers {
            let message = format!("there are {} diffIDs for {layers} layers", diff_ids.len());
            notes.error("DIFF_ID_COUNT", "$.rootfs.diff_ids", message);
        }
        if let Some(Value::Array(history)) = object.get("history")
            && !history.is_empty()
        {
            let empty = |step: &&Value| step.get("empty_layer").and_then(Value::as_bool) != Some(true);
            let made = history.iter().filter(empty).count();
            if made != layers {
                let message = format!("the history has {made} steps that made a layer, the image has {layers} layers");
                notes.warning("HISTORY_COUNT", "$.history", message);
            }
            for (number, step) in history.iter().enumerate() {
                notes.created(step.get("created"), &format!("$.history[{number}].created"));
            }
        }
        match serde_json::from_value::<ImageConfig>(value.clone()) {
            Ok(config) => {
                let own = Platform {
                    architecture: config.architecture.clone(),
                    os: config.os.clone(),
                    os_version: config.os_version.clone(),
                    os_features: config.os_features.clone(),
                    variant: config.variant.clone(),
                };
                manifest.platform.get_or_insert(own);
                manifest.config = Some(config);
            }
            Err(error) => {
                if diff_ids.iter().all(Option::is_some) {
                    let message = format!("a field of the config has another type than it should: {error}");
                    notes.warning("CONFIG_FIELD_TYPE", "$", message);
                }
            }
        }
        manifest.config_json = Some(value);
        diff_ids
    }

    /// A Docker schema 1 manifest: layers with the newest first, no configuration.
    fn schema1(&mut self, manifest: &mut ImageManifest, value: &Value, name: &str) {
        manifest.kind = ManifestKind::Schema1;
        let mut notes = self.notes(name);
        if let Some(object) = value.as_object() {
            notes.schema_version(object, 1);
            for key in ["layers", "manifests", "config"] {
                if object.contains_key(key) {
                    let message = format!("a schema 1 manifest has `{key}`: readers may take it for something else");
                    notes.error("MANIFEST_AMBIGUOUS", &format!("$.{key}"), message);
                }
            }
        }
        let list = value.get("fsLayers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let mut layers = Vec::new();
        for (number, item) in list.iter().enumerate() {
            let at = format!("$.fsLayers[{number}]");
            let digest = notes.digest(item.get("blobSum"), &format!("{at}.blobSum"));
            layers.push(Described {
                digest,
                path: at,
                media_type: MediaType::DOCKER_LAYER_GZIP.into(),
                ..Described::default()
            });
        }
        for layer in layers.iter().rev() {
            let layer = self.layer_ref(layer, name, None);
            manifest.layers.push(layer);
        }
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        if let Some(architecture) = text("architecture") {
            let platform = Platform { architecture, os: "linux".into(), ..Platform::default() };
            manifest.platform.get_or_insert(platform);
        }
    }

    /// Attestations are for images of the index.
    fn attestations(&mut self) {
        let mut found = Vec::new();
        for manifest in &self.manifests {
            if manifest.kind == ManifestKind::Attestation {
                let known = manifest.attests.as_ref().is_some_and(|digest| self.visited.contains_key(digest));
                if !known {
                    let message = "the attestation is for no manifest of the index";
                    found.push(
                        ImageFinding::warning("ATTESTATION_OF_NOBODY", message).in_document(manifest.digest.as_str()),
                    );
                }
            }
        }
        self.findings.extend(found);
    }

    /// The path of a file that a Docker archive names, checked.
    fn docker_path(&mut self, path: &str, at: &str) -> Option<Blob> {
        if path.split('/').any(|part| part == "..") {
            let message = format!("`{path}` goes up in the archive");
            self.notes("manifest.json").error("DOCKER_PATH_TRAVERSAL", at, message);
            return None;
        }
        if path.starts_with('/') {
            let message = format!("`{path}` is an absolute path");
            self.notes("manifest.json").warning("DOCKER_PATH_ABSOLUTE", at, message);
        }
        match self.store.find(path) {
            Ok(blob) => {
                self.reached.insert(blob.number);
                Some(blob)
            }
            Err(error) => {
                self.notes("manifest.json").error(error.code(), at, error.to_string());
                None
            }
        }
    }

    /// `manifest.json`.
    async fn docker(&mut self, document: &Document) -> Result<(), OpenError> {
        let invalid = |what: &str| OpenError::Document {
            file: "manifest.json".into(),
            code: "DOCKER_MANIFEST_INVALID",
            message: what.to_owned(),
        };
        let list = document.value.as_array().ok_or_else(|| invalid("it is no list of images"))?;
        if list.is_empty() {
            return Err(invalid("it lists no image"));
        }
        for (number, item) in list.iter().enumerate().take(self.limits.documents) {
            let at = format!("$[{number}]");
            let Some(object) = item.as_object() else {
                self.notes("manifest.json").error("DOCKER_MANIFEST_INVALID", &at, "an item is no object");
                continue;
            };
            for key in object.keys() {
                let known = ["Config", "RepoTags", "Layers"].into_iter().find(|known| known.eq_ignore_ascii_case(key));
                if let Some(known) = known.filter(|known| known != key) {
                    let message = format!("readers that ignore case take `{key}` for `{known}`");
                    self.notes("manifest.json").warning("JSON_KEY_CASE", &format!("{at}.{key}"), message);
                }
            }
            let Some(config_path) = object.get("Config").and_then(Value::as_str) else {
                let message = "an item has no Config";
                self.notes("manifest.json").error("DOCKER_MANIFEST_INVALID", &format!("{at}.Config"), message);
                continue;
            };
            let mut refs = Vec::new();
            match object.get("RepoTags") {
                None | Some(Value::Null) => {}
                Some(Value::Array(tags)) => {
                    for tag in tags {
                        let text = tag.as_str().unwrap_or_default();
                        if Reference::parse(text).is_err() {
                            let message = "a tag is no image reference";
                            self.notes("manifest.json").warning("REPO_TAG_INVALID", &format!("{at}.RepoTags"), message);
                        }
                        refs.push(text.to_owned());
                    }
                }
                Some(_) => {
                    let message = "RepoTags is no list";
                    self.notes("manifest.json").warning("REPO_TAG_INVALID", &format!("{at}.RepoTags"), message);
                }
            }
            let Some(paths) = layer_paths(object) else {
                let message = "an item has no list of Layers";
                self.notes("manifest.json").error("DOCKER_MANIFEST_INVALID", &format!("{at}.Layers"), message);
                continue;
            };
            let Some(blob) = self.docker_path(config_path, &format!("{at}.Config")) else { continue };
            let read = match self.read(blob, config_path).await? {
                Ok(read) => read,
                Err(finding) => {
                    self.findings.push(finding);
                    continue;
                }
            };
            let digest = sha256(&read.bytes);
            if let Some(named) = hex_in(config_path)
                && named != digest.encoded()
            {
                let message = "the name of the config is a digest that its content has not";
                // No reader relies on the name, and some tools change a config without renaming it.
                self.notes("manifest.json").warning("CONFIG_NAME_MISMATCH", &format!("{at}.Config"), message);
            }
            if let Some((known, _)) = self.visited.get(&digest) {
                if let Some(manifest) = self.manifests.get_mut(*known) {
                    let known: HashSet<String> = manifest.refs.iter().cloned().collect();
                    manifest.refs.extend(refs.into_iter().filter(|name| !known.contains(name)));
                }
                continue;
            }
            self.visited.insert(digest.clone(), (self.manifests.len(), blob.size));
            let mut manifest = docker_image(digest, blob.size, refs, item.clone());
            let diff_ids = self.image_config(&mut manifest, read.value, config_path, paths.len());
            for (number, path) in paths.iter().enumerate() {
                let at = format!("{at}.Layers[{number}]");
                let blob = self.docker_path(path, &at);
                // Since version 25 a layer's path may name its digest.
                let digest = path.strip_prefix("blobs/sha256/").and_then(|hex| format!("sha256:{hex}").parse().ok());
                manifest.layers.push(LayerRef {
                    digest,
                    size: None,
                    media_type: MediaType::DOCKER_LAYER.into(),
                    diff_id: diff_ids.get(number).cloned().flatten(),
                    annotations: Map::new(),
                    blob,
                    file: path.clone(),
                });
            }
            self.manifests.push(manifest);
        }
        Ok(())
    }

    /// In a hybrid, `manifest.json` says the same as the index.
    async fn compare_with_docker(&mut self, blob: Blob) -> Result<(), OpenError> {
        let document = match self.read(blob, "manifest.json").await? {
            Ok(document) => document,
            Err(finding) => {
                self.findings.push(finding);
                return Ok(());
            }
        };
        // Each image by the files that its config and layers are.
        let mut known: HashSet<(u32, Vec<Option<u32>>)> = HashSet::new();
        for manifest in &self.manifests {
            let own = manifest.config_digest.as_ref().and_then(|digest| self.store.find(&digest.blob_path()).ok());
            if let Some(config) = own {
                let layers = manifest.layers.iter().map(|layer| layer.blob.map(|blob| blob.number)).collect();
                known.insert((config.number, layers));
            }
        }
        let items = document.value.as_array().map(Vec::as_slice).unwrap_or_default();
        for (number, item) in items.iter().enumerate().take(self.limits.documents) {
            let Some(object) = item.as_object() else { continue };
            let config = object.get("Config").and_then(Value::as_str).unwrap_or_default();
            let config = self.store.find(config).ok().map(|blob| blob.number);
            let Some(paths) = layer_paths(object) else { continue };
            let blobs: Vec<Option<u32>> =
                paths.iter().map(|path| self.store.find(path).ok().map(|blob| blob.number)).collect();
            let same = config.is_some_and(|config| known.contains(&(config, blobs)));
            if !same {
                let message = "manifest.json describes another image than the index: readers see different ones";
                self.notes("manifest.json").warning("FORMS_DISAGREE", &format!("$[{number}]"), message);
            }
        }
        Ok(())
    }

    /// `repositories` and a directory with `json` and `layer.tar` for each layer.
    async fn repositories(&mut self, value: &Value) -> Result<(), OpenError> {
        let mut tops: Vec<(String, Vec<String>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (repository, tags) in value.as_object().into_iter().flatten() {
            for (tag, id) in tags.as_object().into_iter().flatten() {
                let Some(id) = id.as_str() else { continue };
                let name = format!("{repository}:{tag}");
                let place = *places.entry(id).or_insert(tops.len());
                match tops.get_mut(place) {
                    Some((_, names)) => names.push(name),
                    None => tops.push((id.to_owned(), vec![name])),
                }
            }
        }
        for (top, refs) in tops.into_iter().take(self.limits.documents) {
            let mut layers = Vec::new();
            let mut seen = HashSet::new();
            let mut config = None;
            let mut next = Some(top);
            while let Some(id) = next.take() {
                let valid = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
                if !valid || !seen.insert(id.clone()) || seen.len() > 1000 {
                    let message = "the chain of parents has an end that is none";
                    self.findings.push(ImageFinding::error("DOCKER_V1_CHAIN", message).in_document("repositories"));
                    break;
                }
                let file = format!("{id}/json");
                let Ok(blob) = self.store.find(&file) else {
                    let finding = ImageFinding::error("BLOB_MISSING", format!("`{file}` is not in the archive"));
                    self.findings.push(finding.in_document("repositories"));
                    break;
                };
                let read = match self.read(blob, &file).await? {
                    Ok(read) => read,
                    Err(finding) => {
                        self.findings.push(finding);
                        break;
                    }
                };
                let path = format!("{id}/layer.tar");
                let found = self.store.find(&path);
                match &found {
                    Ok(blob) => {
                        self.reached.insert(blob.number);
                    }
                    Err(error) => {
                        self.findings
                            .push(ImageFinding::error(error.code(), error.to_string()).in_document("repositories"));
                    }
                }
                layers.push(LayerRef {
                    digest: None,
                    size: None,
                    media_type: MediaType::DOCKER_LAYER.into(),
                    diff_id: None,
                    annotations: Map::new(),
                    blob: found.ok(),
                    file: path,
                });
                next = read.value.get("parent").and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned);
                config.get_or_insert((read, blob.size));
            }
            let Some((config, size)) = config else { continue };
            let mut manifest = docker_image(sha256(&config.bytes), size, refs, Value::Null);
            manifest.media_type = "docker-v1".into();
            layers.reverse();
            manifest.layers = layers;
            if let Ok(typed) = serde_json::from_value::<ImageConfig>(config.value.clone()) {
                let (architecture, os) = (typed.architecture.clone(), typed.os.clone());
                manifest.platform = Some(Platform { architecture, os, ..Platform::default() });
                manifest.config = Some(typed);
            }
            manifest.config_json = Some(config.value);
            self.manifests.push(manifest);
        }
        Ok(())
    }
}

fn fatal(finding: ImageFinding) -> OpenError {
    OpenError::Document {
        file: finding.document.unwrap_or_default(),
        code: stable(&finding.code),
        message: finding.message,
    }
}

/// The codes that a document which cannot be read may have.
fn stable(code: &str) -> &'static str {
    ["JSON_TOO_LARGE", "JSON_TOO_DEEP", "SOURCE_UNREADABLE", "BLOB_SYMLINK_BROKEN", "BLOB_NOT_FILE"]
        .into_iter()
        .find(|known| *known == code)
        .unwrap_or("JSON_INVALID")
}

fn layer_paths(object: &Map<String, Value>) -> Option<Vec<String>> {
    match object.get("Layers") {
        Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(|path| path.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// A sha256 that a config's file name is made of: `<hex>.json`, `sha256:<hex>`, `blobs/sha256/<hex>`.
fn hex_in(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    let name = name.strip_suffix(".json").unwrap_or(name);
    let name = name.strip_prefix("sha256:").unwrap_or(name);
    (name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(name)
}

fn docker_image(digest: Digest, size: u64, refs: Vec<String>, json: Value) -> ImageManifest {
    ImageManifest {
        kind: ManifestKind::Image,
        media_type: "application/vnd.docker.archive.item+json".into(),
        size,
        refs,
        platform: None,
        artifact_type: None,
        annotations: Map::new(),
        subject: None,
        attests: None,
        via: Vec::new(),
        config_digest: Some(digest.clone()),
        config_type: MediaType::DOCKER_CONFIG.into(),
        config: None,
        config_json: None,
        layers: Vec::new(),
        entries: Vec::new(),
        json,
        digest,
    }
}
