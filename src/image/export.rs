//! What an opened image holds, ready to be written: blobs with their own bytes, and manifests where the form has none.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::save::{Contents, Piece, SaveError, SavedImage};
use super::{
    Blob, FileError, Image, ImageForm, ImageManifest, LayerRef, LocalFuture, ManifestKind, ReadAt, ReadError, Watch,
};
use crate::oci::{Compression, Descriptor, Digest, Index, Manifest, MediaType};

/// A file of an opened image as a source.
struct BlobSource {
    image: Rc<Image>,
    blob: Blob,
}

impl ReadAt for BlobSource {
    fn size(&self) -> u64 {
        self.blob.size
    }

    fn read_at(&self, offset: u64, length: usize) -> LocalFuture<'_, Result<Vec<u8>, ReadError>> {
        Box::pin(self.image.store().read(self.blob, offset, length))
    }
}

/// The bytes of a file of an image, read when they are wanted.
pub(crate) fn piece(image: &Rc<Image>, blob: Blob) -> Piece {
    Piece::Part { source: Rc::new(BlobSource { image: image.clone(), blob }), offset: 0, size: blob.size }
}

/// The media type of a layer by what it is compressed with.
pub(crate) fn layer_type(compression: Option<Compression>) -> &'static str {
    match compression {
        Some(Compression::Gzip) => MediaType::OCI_LAYER_GZIP,
        Some(Compression::Zstd) => MediaType::OCI_LAYER_ZSTD,
        _ => MediaType::OCI_LAYER,
    }
}

/// A blob of bytes in memory and its digest.
pub(crate) fn blob(bytes: Vec<u8>) -> (Digest, Piece) {
    (Digest::sha256(&Sha256::digest(&bytes).into()), Piece::Bytes(bytes.into()))
}

/// All that an image holds. A layout keeps every blob and every descriptor of its index; a Docker archive, which has no
/// manifests, gets one for each image.
///
/// # Errors
/// [`SaveError`]: a streamed image, an image without its layers, a source that cannot be read.
pub async fn contents(image: &Rc<Image>, watch: &dyn Watch) -> Result<Contents, SaveError> {
    if !image.store().seekable() {
        return Err(SaveError::Streamed);
    }
    let layout = matches!(image.form, ImageForm::OciLayout | ImageForm::Hybrid);
    match image.store().find("index.json") {
        Ok(index)
            if layout
                && image.manifests.iter().any(|manifest| manifest.config_digest.as_ref() != Some(&manifest.digest)) =>
        {
            from_layout(image, index).await
        }
        _ => from_archive(image, watch).await,
    }
}

async fn from_layout(image: &Rc<Image>, index: Blob) -> Result<Contents, SaveError> {
    let text = image.store().read_all(index).await?;
    let index: Index = serde_json::from_slice(&text).map_err(|error| SaveError::Json(error.to_string()))?;
    let mut contents = Contents { manifests: index.manifests, ..Contents::default() };
    for (path, file) in image.store().files() {
        if let Some(digest) = digest_of(&path) {
            contents.blobs.insert(digest, piece(image, file));
        }
    }
    // Blobs that are there under another path (links inside the layout).
    let mut add = |digest: &Digest| {
        if !contents.blobs.contains_key(digest)
            && let Ok(file) = image.store().find(&digest.blob_path())
        {
            contents.blobs.insert(digest.clone(), piece(image, file));
        }
    };
    for manifest in &image.manifests {
        add(&manifest.digest);
        manifest.config_digest.iter().for_each(&mut add);
        manifest.layers.iter().filter_map(|layer| layer.digest.as_ref()).for_each(&mut add);
    }
    let tags = docker_tags(image).await?;
    for manifest in image.manifests.iter().filter(|manifest| manifest.kind == ManifestKind::Image) {
        let Some(config) = &manifest.config_digest else { continue };
        let layers: Option<Vec<Digest>> = manifest.layers.iter().map(|layer| layer.digest.clone()).collect();
        let Some(layers) = layers else { continue };
        // Docker's own list has no types: an encrypted layer would be taken for a tar.
        let encrypted = manifest.layers.iter().any(LayerRef::encrypted);
        if encrypted || layers.iter().chain([config]).any(|digest| !contents.blobs.contains_key(digest)) {
            continue;
        }
        let mut names: Vec<String> = tags.get(config.as_str()).cloned().unwrap_or_default();
        for descriptor in &contents.manifests {
            if descriptor.digest == manifest.digest || manifest.via.contains(&descriptor.digest) {
                names.extend(name_of(descriptor));
            }
        }
        names.sort();
        names.dedup();
        // One name can be loaded for one image only: the first platform has it.
        names.retain(|name| !contents.images.iter().any(|image: &SavedImage| image.tags.contains(name)));
        contents.images.push(SavedImage { config: config.clone(), layers, tags: names });
    }
    Ok(contents)
}

/// The digest that a path below `blobs/` names.
fn digest_of(path: &str) -> Option<Digest> {
    let (algorithm, encoded) = path.strip_prefix("blobs/")?.split_once('/')?;
    format!("{algorithm}:{encoded}").parse().ok()
}

/// The name under which Docker would know what a descriptor of an index names.
fn name_of(descriptor: &Descriptor) -> Option<String> {
    let name = descriptor
        .annotations
        .get("io.containerd.image.name")
        .or_else(|| descriptor.annotations.get("org.opencontainers.image.ref.name"))?;
    let tagged = name.rsplit('/').next().is_some_and(|last| last.contains(':')) && !name.contains('@');
    tagged.then(|| name.clone())
}

/// `RepoTags` of a `manifest.json`, by the digest of the configuration.
async fn docker_tags(image: &Rc<Image>) -> Result<BTreeMap<String, Vec<String>>, SaveError> {
    let mut tags = BTreeMap::new();
    let Ok(file) = image.store().find("manifest.json") else { return Ok(tags) };
    let text = image.store().read_all(file).await?;
    let items: Vec<Value> = serde_json::from_slice(&text).unwrap_or_default();
    for item in items {
        let config = item.get("Config").and_then(Value::as_str).unwrap_or_default();
        let hex = config.rsplit('/').next().unwrap_or_default().trim_end_matches(".json");
        let names = item.get("RepoTags").and_then(Value::as_array).into_iter().flatten();
        tags.insert(format!("sha256:{hex}"), names.filter_map(Value::as_str).map(str::to_owned).collect());
    }
    Ok(tags)
}

async fn from_archive(image: &Rc<Image>, watch: &dyn Watch) -> Result<Contents, SaveError> {
    let mut contents = Contents::default();
    for (number, manifest) in image.images() {
        let mut layers = Vec::new();
        let mut diff_ids = Vec::new();
        for (at, reference) in manifest.layers.iter().enumerate() {
            let gone = || match &reference.diff_id {
                Some(digest) => SaveError::BlobMissing(digest.clone()),
                None => SaveError::BlobMissing(manifest.digest.clone()),
            };
            let file = reference.blob.ok_or_else(gone)?;
            let layer = image.layer(number, at, None, watch).await.map_err(|error| match error {
                FileError::Read(error) => SaveError::Read(error),
                _ => gone(),
            })?;
            let digest = layer.digest(crate::oci::Algorithm::Sha256).cloned().ok_or_else(gone)?;
            layers.push(Descriptor::new(layer_type(layer.compression), digest.clone(), layer.size));
            diff_ids.extend(layer.diff_ids.first().cloned());
            contents.blobs.insert(digest, piece(image, file));
        }
        let (config, bytes) = config_of(image, manifest, &diff_ids).await?;
        let descriptor = Descriptor::new(MediaType::OCI_CONFIG, config.clone(), bytes.size());
        contents.blobs.insert(config.clone(), bytes);
        let blobs = layers.iter().map(|layer| layer.digest.clone()).collect();
        let text = serde_json::to_vec(&Manifest::oci(descriptor, layers));
        let (digest, bytes) = blob(text.map_err(|error| SaveError::Json(error.to_string()))?);
        let mut listed = Descriptor::new(MediaType::OCI_MANIFEST, digest.clone(), bytes.size());
        listed.platform = manifest.platform.clone();
        contents.blobs.insert(digest, bytes);
        for name in &manifest.refs {
            contents.manifests.push(named(listed.clone(), name));
        }
        if manifest.refs.is_empty() {
            contents.manifests.push(listed);
        }
        contents.images.push(SavedImage { config, layers: blobs, tags: manifest.refs.clone() });
    }
    Ok(contents)
}

/// A descriptor with a name in an index, as BuildKit writes it: the whole name for containerd, the tag for OCI.
pub(crate) fn named(mut descriptor: Descriptor, name: &str) -> Descriptor {
    let last = name.rsplit('/').next().unwrap_or(name);
    let tag = last.split_once(':').map_or(last, |(_, tag)| tag);
    descriptor.annotations.insert("io.containerd.image.name".to_owned(), name.to_owned());
    descriptor.annotations.insert("org.opencontainers.image.ref.name".to_owned(), tag.to_owned());
    descriptor
}

/// The configuration of an image of a Docker archive, with its own bytes. Before 1.10 there was none with diffIDs: then
/// one is made of what there was.
async fn config_of(
    image: &Rc<Image>,
    manifest: &ImageManifest,
    diff_ids: &[Digest],
) -> Result<(Digest, Piece), SaveError> {
    let path = manifest.json.get("Config").and_then(Value::as_str).map(str::to_owned);
    if let Some(path) = path
        && let Ok(file) = image.store().find(&path)
    {
        return Ok(blob(image.store().read_all(file).await?));
    }
    let old = manifest.config_json.as_ref().and_then(Value::as_object);
    let mut new = Map::new();
    for key in ["created", "author", "architecture", "os", "variant", "config"] {
        if let Some(value) = old.and_then(|old| old.get(key)) {
            new.insert(key.to_owned(), value.clone());
        }
    }
    new.insert("rootfs".to_owned(), json!({ "type": "layers", "diff_ids": diff_ids }));
    let text = serde_json::to_vec(&new).map_err(|error| SaveError::Json(error.to_string()))?;
    Ok(blob(text))
}
