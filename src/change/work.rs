//! An image that is being changed.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::{ChangeError, Changes};
use crate::build::base::BaseImage;
use crate::build::layer::LayerBlob;
use crate::image::export::blob;
use crate::image::save::{Contents, Piece, SaveFormat, SavedImage, save};
use crate::image::{Image, Limits, Watch};
use crate::oci::date::rfc3339;
use crate::oci::{Compression, Descriptor, Digest, Manifest, MediaKind, MediaType, Platform};

/// Contents as an image that can be read.
pub(super) async fn reopen(contents: &Contents, limits: Limits, watch: &dyn Watch) -> Result<Rc<Image>, ChangeError> {
    let rope = save(contents, SaveFormat::OciLayout)?;
    Ok(Rc::new(Image::open(Rc::new(rope), limits, watch).await?))
}

/// A layer of an image that is being changed.
#[derive(Clone)]
pub struct WorkLayer {
    /// Its descriptor.
    pub descriptor: Descriptor,
    /// The digest of its tar.
    pub diff_id: String,
    /// Its bytes.
    pub piece: Piece,
    /// It was made here, with the compression and the times asked for.
    pub fresh: bool,
}

impl WorkLayer {
    /// A layer that was made here.
    pub fn made(layer: LayerBlob, media_type: &str) -> Self {
        Self {
            descriptor: Descriptor::new(media_type, layer.digest, layer.bytes.len() as u64),
            diff_id: layer.diff_id.to_string(),
            piece: Piece::Bytes(layer.bytes.into()),
            fresh: true,
        }
    }
}

/// An image that is being changed.
pub struct Work {
    /// What it was, for messages.
    pub digest: Digest,
    /// Its manifest; configuration and layers are set at the end.
    pub manifest: Manifest,
    /// Its configuration.
    pub config: Map<String, Value>,
    /// The configuration as it was read, and its bytes.
    before: (Map<String, Value>, Piece),
    /// Its layers from the base up.
    pub layers: Vec<WorkLayer>,
    /// Its platform, as its descriptor says.
    pub platform: Option<Platform>,
    limits: Limits,
}

/// A changed image: its documents and blobs.
pub struct Done {
    /// The descriptor of its manifest.
    pub descriptor: Descriptor,
    /// Manifest, configuration and layers.
    pub blobs: BTreeMap<Digest, Piece>,
    /// For Docker's `manifest.json`, without names.
    pub saved: SavedImage,
}

impl Work {
    /// Takes up an image of a layout.
    pub async fn open(image: &Rc<Image>, at: usize) -> Result<Self, ChangeError> {
        let found = image.manifests.get(at).ok_or(ChangeError::NoImage)?;
        let wrong =
            |document, message: String| ChangeError::Document { document, image: found.digest.to_string(), message };
        let manifest: Manifest =
            serde_json::from_value(found.json.clone()).map_err(|error| wrong("manifest", error.to_string()))?;
        let file = |digest: &Digest| {
            let found = image.store().find(&digest.blob_path());
            let file = found.map_err(|_| crate::image::save::SaveError::BlobMissing(digest.clone()))?;
            Ok::<_, ChangeError>(crate::image::export::piece(image, file))
        };
        let config = match &found.config_json {
            Some(Value::Object(config)) => config.clone(),
            _ => return Err(wrong("configuration", "it is no JSON object".to_owned())),
        };
        let diff_ids: Vec<String> = config
            .get("rootfs")
            .and_then(|rootfs| rootfs.get("diff_ids"))
            .and_then(Value::as_array)
            .map(|ids| ids.iter().filter_map(|id| Some(id.as_str()?.to_owned())).collect())
            .unwrap_or_default();
        if diff_ids.len() != manifest.layers.len() {
            let message = format!("it names {} diffIDs for {} layers", diff_ids.len(), manifest.layers.len());
            return Err(wrong("configuration", message));
        }
        let mut layers = Vec::new();
        for (descriptor, diff_id) in manifest.layers.iter().zip(diff_ids) {
            let piece = file(&descriptor.digest)?;
            layers.push(WorkLayer { descriptor: descriptor.clone(), diff_id, piece, fresh: false });
        }
        let before = (config.clone(), file(&manifest.config.digest)?);
        Ok(Self {
            digest: found.digest.clone(),
            manifest,
            config,
            before,
            layers,
            platform: found.platform.clone(),
            limits: image.limits,
        })
    }

    /// Its bounds.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Whether it has Docker's media types.
    pub fn docker(&self, changes: &Changes) -> bool {
        changes.docker_types.unwrap_or_else(|| {
            self.manifest.media_type.as_ref().is_some_and(|own| own.as_str() == MediaType::DOCKER_MANIFEST)
        })
    }

    /// As it stands now, as an image whose files can be read.
    pub async fn image(&self, watch: &dyn Watch) -> Result<BaseImage, ChangeError> {
        let mut config = self.config.clone();
        self.set_layers(&mut config);
        let mut contents = Contents::default();
        let (digest, piece) = blob(document(&config)?);
        let media = MediaType::OCI_CONFIG;
        let descriptor = Descriptor::new(media, digest.clone(), piece.size());
        contents.blobs.insert(digest, piece);
        let mut layers = Vec::new();
        for layer in &self.layers {
            contents.blobs.insert(layer.descriptor.digest.clone(), layer.piece.clone());
            layers.push(layer.descriptor.clone());
        }
        let (digest, piece) = blob(document(&Manifest::oci(descriptor, layers))?);
        contents.manifests.push(Descriptor::new(MediaType::OCI_MANIFEST, digest.clone(), piece.size()));
        contents.blobs.insert(digest, piece);
        let image = reopen(&contents, self.limits, watch).await?;
        let manifest = image.images().next().map(|(at, _)| at).ok_or(ChangeError::NoImage)?;
        Ok(BaseImage { image, manifest })
    }

    fn set_layers(&self, config: &mut Map<String, Value>) {
        let ids: Vec<&str> = self.layers.iter().map(|layer| layer.diff_id.as_str()).collect();
        let rootfs = config.entry("rootfs").or_insert_with(|| json!({ "type": "layers" }));
        if let Value::Object(rootfs) = rootfs {
            rootfs.insert("diff_ids".to_owned(), json!(ids));
        }
    }

    /// Lets `edit` at the entries of the history; there may be none.
    pub fn edit_history(&mut self, edit: impl FnOnce(&mut Vec<Value>)) {
        let mut list = match self.config.remove("history") {
            Some(Value::Array(list)) => list,
            _ => Vec::new(),
        };
        edit(&mut list);
        self.config.insert("history".to_owned(), Value::Array(list));
    }

    /// Times of the configuration that are later than `epoch` become that.
    pub fn limit_times(&mut self, epoch: i64) {
        let limit = rfc3339(epoch);
        let later = |text: &str| !text.ends_with('Z') || moment(text) > limit.as_str();
        if let Some(created) = self.config.get_mut("created")
            && created.as_str().is_some_and(later)
        {
            *created = Value::String(limit.clone());
        }
        if let Some(Value::Array(history)) = self.config.get_mut("history") {
            for entry in history {
                if let Some(created) = entry.get_mut("created")
                    && created.as_str().is_some_and(later)
                {
                    *created = Value::String(limit.clone());
                }
            }
        }
    }

    /// Writes the documents.
    pub fn finish(mut self, changes: &Changes) -> Result<Done, ChangeError> {
        let docker = self.docker(changes);
        let ids_before = self.before.0.get("rootfs").and_then(|rootfs| rootfs.get("diff_ids")).cloned();
        if ids_before != Some(json!(self.layers.iter().map(|layer| &layer.diff_id).collect::<Vec<_>>())) {
            let mut config = std::mem::take(&mut self.config);
            self.set_layers(&mut config);
            self.config = config;
        }
        let mut blobs = BTreeMap::new();
        let (config_digest, piece) = match self.config == self.before.0 {
            true => (self.manifest.config.digest.clone(), self.before.1.clone()),
            false => blob(document(&self.config)?),
        };
        let mut config = self.manifest.config.clone();
        config.digest = config_digest.clone();
        config.size = piece.size();
        config.data = None;
        blobs.insert(config_digest.clone(), piece);
        if let Some(docker) = changes.docker_types {
            config.media_type = if docker { MediaType::DOCKER_CONFIG } else { MediaType::OCI_CONFIG }.into();
            let media = if docker { MediaType::DOCKER_MANIFEST } else { MediaType::OCI_MANIFEST };
            self.manifest.media_type = Some(media.into());
            for layer in &mut self.layers {
                layer.descriptor.media_type = MediaType(converted(&layer.descriptor.media_type, docker)?);
            }
        }
        let mut layers = Vec::new();
        for layer in &self.layers {
            let kind = layer.descriptor.media_type.kind();
            if docker && matches!(kind, MediaKind::Layer { compression: Compression::Zstd, .. }) && layer.fresh {
                return Err(ChangeError::DockerZstd);
            }
            layers.push(layer.descriptor.clone());
            blobs.insert(layer.descriptor.digest.clone(), layer.piece.clone());
        }
        let before = serde_json::to_value(&self.manifest).ok();
        self.manifest.config = config;
        self.manifest.layers = layers;
        super::config::merge(&mut self.manifest.annotations, &changes.annotations);
        let unchanged = serde_json::to_value(&self.manifest).ok() == before && changes.docker_types.is_none();
        let (digest, piece) = match unchanged {
            true => (self.digest.clone(), None),
            false => {
                let (digest, piece) = blob(document(&self.manifest)?);
                (digest, Some(piece))
            }
        };
        let media = self.manifest.media_type.as_ref().map_or(MediaType::OCI_MANIFEST, MediaType::as_str).to_owned();
        let mut descriptor = Descriptor::new(&media, digest.clone(), piece.as_ref().map_or(0, Piece::size));
        if let Some(piece) = piece {
            blobs.insert(digest, piece);
        }
        descriptor.platform = self.platform.clone();
        let layers = self.layers.iter().map(|layer| layer.descriptor.digest.clone()).collect();
        let saved = SavedImage { config: config_digest, layers, tags: Vec::new() };
        Ok(Done { descriptor, blobs, saved })
    }
}

/// A moment in a form that compares: without fractions, so that equal seconds are equal.
fn moment(text: &str) -> &str {
    text.split('.').next().unwrap_or(text)
}

/// A document's bytes.
pub(super) fn document(value: &impl serde::Serialize) -> Result<Vec<u8>, ChangeError> {
    serde_json::to_vec(value).map_err(|error| ChangeError::Save(crate::image::save::SaveError::Json(error.to_string())))
}

/// The media type of a layer among the other family's.
fn converted(media: &MediaType, docker: bool) -> Result<String, ChangeError> {
    let MediaKind::Layer { compression, nondistributable, encrypted } = media.kind() else {
        return Ok(media.to_string());
    };
    let base = match (docker, nondistributable) {
        (true, false) => "application/vnd.docker.image.rootfs.diff.tar",
        (true, true) => "application/vnd.docker.image.rootfs.foreign.diff.tar",
        (false, false) => "application/vnd.oci.image.layer.v1.tar",
        (false, true) => "application/vnd.oci.image.layer.nondistributable.v1.tar",
    };
    let tail = match (compression, docker) {
        (Compression::Gzip, true) => ".gzip",
        (Compression::Gzip, false) => "+gzip",
        (Compression::Zstd, false) => "+zstd",
        (Compression::Zstd, true) => return Err(ChangeError::DockerZstd),
        _ => "",
    };
    Ok(format!("{base}{tail}{}", if encrypted { "+encrypted" } else { "" }))
}
