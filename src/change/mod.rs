//! One image made of another: layers added, squashed, rewritten, recompressed; another base; other configuration,
//! annotations, media types, platforms.
//!
//! Everything that is not asked for keeps its bytes: a layer that no change touches keeps its digest, a configuration
//! too. There is no clock and no host here either: equal inputs give equal bytes.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`config`] | what a runtime reads: environment, labels, user, command |
//! | [`work`] | an image that is being changed: manifest, configuration, layers |
//! | [`layers`] | append, squash, flatten |
//! | [`rewrite`] | members dropped, times, owners; other compression |
//! | [`rebase`] | another base below the same layers |
//! | [`index`] | indexes and layouts made anew around changed images; several images in one |
//! | [`error`] | why an image cannot be changed |

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Serialize;

pub mod config;
pub mod error;
pub mod index;
pub mod layers;
pub mod rebase;
pub mod rewrite;
pub mod work;

pub use config::ConfigChanges;
pub use error::ChangeError;
pub use layers::{Addition, Squash};
pub use rebase::{Rebase, RebaseConflict};

use crate::build::layer::LayerCompression;
use crate::image::save::Contents;
use crate::image::{Image, Watch};
use crate::oci::Platform;
use crate::oci::date::SECONDS;

/// What to change. They are done in the order of the fields; what is left out stays as it is.
#[derive(Default)]
pub struct Changes {
    /// The one image to change, by its place in [`Image::manifests`]; the others stay. Default: all of them.
    pub only: Option<usize>,
    /// Keep images for these platforms only. One platform alone leaves no index around its image.
    pub platforms: Vec<Platform>,
    /// Put the layers on another base.
    pub rebase: Option<Rebase>,
    /// Layers to add on top, the lowest first.
    pub append: Vec<Addition>,
    /// Make one layer of several.
    pub squash: Squash,
    /// Drop these paths, and all below them, from the layers that hold them. They do not come back from a lower layer.
    pub remove: Vec<String>,
    /// Give these files another content, in every layer that holds them. Their mode, owner and times stay.
    pub edit: BTreeMap<String, Rc<[u8]>>,
    /// Times of files, of the configuration and of its history that are later than this become this (`SOURCE_DATE_EPOCH`).
    pub epoch: Option<i64>,
    /// Give every file this owner and group.
    pub owner: Option<(u64, u64)>,
    /// Compress every layer like this.
    pub compression: Option<LayerCompression>,
    /// Docker's media types (`true`) or OCI's (`false`).
    pub docker_types: Option<bool>,
    /// Changes of the configuration.
    pub config: ConfigChanges,
    /// Annotations of the manifests; `None` removes one.
    pub annotations: BTreeMap<String, Option<String>>,
    /// Annotations of the index, where there is one.
    pub index_annotations: BTreeMap<String, Option<String>>,
    /// The names of the outcome, as `name:tag`, instead of those it had.
    pub tags: Option<Vec<String>>,
}

/// What came out.
pub struct Changed {
    /// The blobs and descriptors, ready for [`save`](crate::image::save::save).
    pub contents: Contents,
    /// What was done.
    pub report: ChangeReport,
}

/// What was done to each image.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct ChangeReport {
    /// Image by image, in the order of the index.
    pub images: Vec<ChangedImage>,
    /// Attestations, signatures and other artifacts that were about an image that has changed, and are left out: what they
    /// say is no longer true.
    pub dropped: Vec<String>,
}

/// One image before and after.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct ChangedImage {
    /// The digest of its manifest before.
    pub before: String,
    /// The digest of its manifest now.
    pub digest: String,
    /// Its platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "js", tsify(optional))]
    pub platform: Option<String>,
    /// Layers whose bytes are the same as before.
    #[cfg_attr(feature = "js", tsify(type = "number"))]
    pub kept: usize,
    /// Layers that are new.
    #[cfg_attr(feature = "js", tsify(type = "number"))]
    pub made: usize,
    /// Files of the image's own layers that stand over something that differs between the old base and the new.
    pub conflicts: Vec<RebaseConflict>,
}

/// Changes an image: one of an archive, or all of them.
///
/// # Errors
/// [`ChangeError`]. Nothing of the image is changed in place.
pub async fn change(image: &Rc<Image>, changes: &Changes, watch: &dyn Watch) -> Result<Changed, ChangeError> {
    if changes.epoch.is_some_and(|epoch| !SECONDS.contains(&epoch)) {
        let message = "the years of RFC 3339 are 0 to 9999".to_owned();
        return Err(ChangeError::Config { field: "epoch", message });
    }
    // A Docker archive gets manifests here, so that there is one form to work on.
    let contents = crate::image::export::contents(image, watch).await?;
    let only = match changes.only {
        Some(at) => Some(image.manifests.get(at).ok_or(ChangeError::NoImage)?.digest.clone()),
        None => None,
    };
    let whole = work::reopen(&contents, image.limits, watch).await?;
    let chosen = |manifest: &crate::image::ImageManifest| {
        only.as_ref().is_none_or(|digest| *digest == manifest.digest || manifest.config_digest.as_ref() == Some(digest))
    };
    let mut made = BTreeMap::new();
    let mut report = ChangeReport::default();
    for (at, manifest) in whole.images() {
        if !chosen(manifest) || !index::wanted(manifest, &changes.platforms) {
            continue;
        }
        let mut work = work::Work::open(&whole, at).await?;
        let layers_before: Vec<_> = work.layers.iter().map(|layer| layer.descriptor.digest.clone()).collect();
        let mut conflicts = Vec::new();
        if let Some(rebase) = &changes.rebase {
            conflicts = rebase::rebase(&mut work, rebase, watch).await?;
        }
        for addition in &changes.append {
            layers::append(&mut work, addition, changes, watch).await?;
        }
        layers::squash(&mut work, changes, watch).await?;
        rewrite::rewrite(&mut work, changes, watch).await?;
        changes.config.apply(&mut work.config)?;
        if let Some(epoch) = changes.epoch {
            work.limit_times(epoch);
        }
        let kept = work.layers.iter().filter(|layer| layers_before.contains(&layer.descriptor.digest)).count();
        let layers = work.layers.len();
        let before = manifest.digest.clone();
        let done = work.finish(changes)?;
        report.images.push(ChangedImage {
            before: before.to_string(),
            digest: done.descriptor.digest.to_string(),
            platform: manifest.platform.as_ref().map(Platform::label),
            kept,
            made: layers - kept,
            conflicts,
        });
        made.insert(before, done);
    }
    if made.is_empty() {
        return Err(ChangeError::NoImage);
    }
    let contents = index::assemble(&whole, &contents, made, changes, &mut report)?;
    Ok(Changed { contents, report })
}
