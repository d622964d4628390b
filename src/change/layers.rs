//! Layers added and layers made one.

use std::rc::Rc;

use serde_json::{Value, json};

use super::rewrite::target;
use super::work::{Work, WorkLayer};
use super::{ChangeError, Changes};
use crate::archive::tar_write::Time;
use crate::build::base::BaseImages;
use crate::build::copy::{CopyOptions, copy};
use crate::build::diff::{Change, diff};
use crate::build::tree::Tree;
use crate::build::write::write_layer;
use crate::image::export::layer_type;
use crate::image::save::Piece;
use crate::image::{Source, Watch, read_layer};
use crate::layer::IngestOptions;
use crate::oci::date::rfc3339;
use crate::oci::{Algorithm, Compression, Descriptor, Digest, MediaType};

/// A layer to add.
pub struct Addition {
    /// What it holds.
    pub content: AdditionContent,
    /// What the history says about it; a plain note without one.
    pub created_by: Option<String>,
}

/// What an added layer holds.
pub enum AdditionContent {
    /// A layer as it is: a tar, plain or compressed with gzip or zstd. Its bytes are kept.
    Tar(Source),
    /// Files, put into the image at `destination` as `COPY` would: directories that are there keep their mode and owner,
    /// links on the way are followed.
    Files {
        /// The files.
        tree: Tree,
        /// An absolute path.
        destination: String,
    },
}

/// Which layers become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Squash {
    /// None.
    #[default]
    No,
    /// This many of the uppermost. What they remove from lower layers stays removed.
    Upper(usize),
    /// All: an image of one layer, with no whiteouts.
    All,
}

fn latest(changes: &Changes) -> Option<Time> {
    changes.epoch.map(|seconds| Time { seconds, nanos: 0 })
}

/// An entry of the history.
fn told(by: &str, changes: &Changes) -> Value {
    let mut entry = json!({ "created_by": by, "comment": "layerwright" });
    if let (Some(epoch), Value::Object(entry)) = (changes.epoch, &mut entry) {
        entry.insert("created".to_owned(), json!(rfc3339(epoch)));
    }
    entry
}

/// Adds a layer on top.
pub async fn append(
    work: &mut Work,
    addition: &Addition,
    changes: &Changes,
    watch: &dyn Watch,
) -> Result<(), ChangeError> {
    let (layer, by) = match &addition.content {
        AdditionContent::Tar(source) => (as_it_is(work, source, changes, watch).await?, "append a layer"),
        AdditionContent::Files { tree, destination } => {
            let base = work.image(watch).await?;
            let before = base.tree(0, watch).await.map_err(ChangeError::Base)?;
            let mut after = before.clone();
            let made = latest(changes).unwrap_or_default();
            let options = CopyOptions { owner: changes.owner, made, ..CopyOptions::default() };
            copy(&mut after, destination.as_bytes(), tree, b"/", &options)?;
            (write(work, &diff(&before, &after), base, changes, watch).await?, "append files")
        }
    };
    work.layers.push(layer);
    let entry = told(addition.created_by.as_deref().unwrap_or(by), changes);
    work.edit_history(|history| history.push(entry));
    Ok(())
}

/// A layer that was given as a tar.
async fn as_it_is(
    work: &Work,
    source: &Source,
    changes: &Changes,
    watch: &dyn Watch,
) -> Result<WorkLayer, ChangeError> {
    let size = source.size();
    let options = IngestOptions {
        blob: vec![Algorithm::Sha256],
        diff: vec![Algorithm::Sha256],
        limits: work.limits().layer,
        ..IngestOptions::default()
    };
    let layer = read_layer(source.as_ref(), &options, Some("the layer to append"), "read", watch).await?;
    if let Some(error) = layer.error() {
        return Err(ChangeError::NotALayer(error.to_string()));
    }
    let digest = |found: Option<&Digest>| found.cloned().ok_or(ChangeError::NotALayer("it has no digest".to_owned()));
    let media = match (layer.compression, work.docker(changes)) {
        (Some(Compression::Gzip), true) => MediaType::DOCKER_LAYER_GZIP,
        (Some(Compression::None) | None, true) => MediaType::DOCKER_LAYER,
        (Some(Compression::Zstd), true) => return Err(ChangeError::DockerZstd),
        (Some(Compression::None | Compression::Gzip | Compression::Zstd) | None, _) => layer_type(layer.compression),
        _ => return Err(ChangeError::NotALayer("layers are plain, or compressed with gzip or zstd".to_owned())),
    };
    let piece = Piece::Part { source: Rc::clone(source), offset: 0, size };
    let descriptor = Descriptor::new(media, digest(layer.digest(Algorithm::Sha256))?, size);
    let diff_id = digest(layer.diff_id(Algorithm::Sha256))?.to_string();
    Ok(WorkLayer { descriptor, diff_id, piece, fresh: false })
}

async fn write(
    work: &Work,
    found: &[Change],
    base: crate::build::base::BaseImage,
    changes: &Changes,
    watch: &dyn Watch,
) -> Result<WorkLayer, ChangeError> {
    let compression = target(changes, None);
    let host = BaseImages { images: vec![base], watch };
    let layer = write_layer(found, compression, latest(changes), &host).await?;
    Ok(WorkLayer::made(layer, compression.media_type(work.docker(changes))))
}

/// Makes one layer of several.
pub async fn squash(work: &mut Work, changes: &Changes, watch: &dyn Watch) -> Result<(), ChangeError> {
    let has = work.layers.len();
    let upper = match changes.squash {
        Squash::No => return Ok(()),
        Squash::All => has,
        Squash::Upper(asked) if asked > has => return Err(ChangeError::TooFewLayers { asked, has }),
        Squash::Upper(asked) => asked,
    };
    if upper == 0 || (upper == 1 && changes.squash != Squash::All) {
        return Ok(());
    }
    let base = work.image(watch).await?;
    let below = base.tree_below(has - upper, 0, watch).await.map_err(ChangeError::Base)?;
    let whole = base.tree(0, watch).await.map_err(ChangeError::Base)?;
    let layer = write(work, &diff(&below, &whole), base, changes, watch).await?;
    work.layers.truncate(has - upper);
    work.layers.push(layer);
    let entry = told(&format!("squash {upper} layers"), changes);
    work.edit_history(|history| {
        // The steps stay to be read; what they made is in the one layer that follows.
        let mut left = upper;
        for step in history.iter_mut().rev() {
            let Value::Object(step) = step else { continue };
            if left > 0 && step.get("empty_layer") != Some(&Value::Bool(true)) {
                step.insert("empty_layer".to_owned(), Value::Bool(true));
                left -= 1;
            }
        }
        history.push(entry);
    });
    Ok(())
}
