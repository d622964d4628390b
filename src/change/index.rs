//! Indexes and layouts made anew around changed images, and several images in one archive.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::config::merge;
use super::work::{Done, document};
use super::{ChangeError, ChangeReport, Changes};
use crate::image::export::{blob, named, piece};
use crate::image::save::{Contents, Piece};
use crate::image::{Image, ImageManifest, ManifestKind};
use crate::oci::{Descriptor, Digest, Index, MediaType, Platform};

/// Whether an image is for one of the platforms; any where none is asked for.
pub(super) fn wanted(manifest: &ImageManifest, platforms: &[Platform]) -> bool {
    let own = manifest.platform.as_ref();
    platforms.is_empty() || own.is_some_and(|own| platforms.iter().any(|platform| own.satisfies(platform)))
}

struct Assembly<'a> {
    whole: &'a Rc<Image>,
    changes: &'a Changes,
    made: BTreeMap<Digest, Done>,
    out: Contents,
    dropped: BTreeSet<Digest>,
}

/// Everything around the images that were made: other manifests, indexes, names.
pub(super) fn assemble(
    whole: &Rc<Image>,
    before: &Contents,
    made: BTreeMap<Digest, Done>,
    changes: &Changes,
    report: &mut ChangeReport,
) -> Result<Contents, ChangeError> {
    let mut assembly = Assembly { whole, changes, made, out: Contents::default(), dropped: BTreeSet::new() };
    let mut roots = Vec::new();
    for descriptor in &before.manifests {
        roots.extend(assembly.descriptor(descriptor)?);
    }
    if let [_] = changes.platforms.as_slice() {
        assembly.unwrap_indexes(&mut roots);
    }
    if let Some(tags) = &changes.tags {
        let mut different: Vec<Descriptor> = Vec::new();
        for root in roots {
            if !different.iter().any(|other| other.digest == root.digest) {
                different.push(root);
            }
        }
        match different.as_slice() {
            [only] => {
                let tags = full_names(tags);
                roots = tags.iter().map(|tag| named(only.clone(), tag)).collect();
                if tags.is_empty() {
                    roots.push(unnamed(only.clone()));
                }
            }
            several => return Err(ChangeError::Names(several.len())),
        }
    }
    let mut contents = assembly.out;
    // Docker knows images by their names in its own list.
    for (_, manifest) in whole.images() {
        let Some(done) = assembly.made.get(&manifest.digest) else { continue };
        let mut saved = done.saved.clone();
        let old = manifest.config_digest.as_ref();
        saved.tags = match &changes.tags {
            Some(tags) if contents.images.is_empty() => full_names(tags),
            Some(_) => Vec::new(),
            None => before
                .images
                .iter()
                .find(|image| Some(&image.config) == old)
                .map(|image| image.tags.clone())
                .unwrap_or_default(),
        };
        contents.images.push(saved);
    }
    let unchanged = before.images.iter().filter(|image| contents.blobs.contains_key(&image.config));
    let known: BTreeSet<Digest> = contents.images.iter().map(|image| image.config.clone()).collect();
    let rest: Vec<_> = unchanged.filter(|image| !known.contains(&image.config)).cloned().collect();
    contents.images.extend(rest);
    contents.manifests = roots;
    report.dropped = assembly.dropped.iter().map(ToString::to_string).collect();
    Ok(contents)
}

/// Names with a tag each.
fn full_names(tags: &[String]) -> Vec<String> {
    let tagged = |name: &str| name.rsplit('/').next().is_some_and(|last| last.contains(':'));
    tags.iter().map(|tag| if tagged(tag) { tag.clone() } else { format!("{tag}:latest") }).collect()
}

/// A descriptor without a name.
fn unnamed(mut descriptor: Descriptor) -> Descriptor {
    descriptor.annotations.remove("io.containerd.image.name");
    descriptor.annotations.remove("org.opencontainers.image.ref.name");
    descriptor
}

impl Assembly<'_> {
    fn manifest(&self, digest: &Digest) -> Option<&ImageManifest> {
        self.whole.manifests.iter().find(|manifest| manifest.digest == *digest)
    }

    /// A descriptor of an index in its new form; `None` where what it names is left out.
    fn descriptor(&mut self, old: &Descriptor) -> Result<Option<Descriptor>, ChangeError> {
        let whole = self.whole;
        let Some(manifest) = whole.manifests.iter().find(|manifest| manifest.digest == old.digest) else {
            return Ok(Some(old.clone()));
        };
        if let Some(done) = self.made.get(&manifest.digest) {
            let mut new = old.clone();
            new.digest = done.descriptor.digest.clone();
            new.data = None;
            if new.digest != old.digest {
                new.size = done.descriptor.size;
                new.media_type = done.descriptor.media_type.clone();
            }
            self.out.blobs.extend(done.blobs.iter().map(|(digest, piece)| (digest.clone(), piece.clone())));
            if new.digest == old.digest {
                self.keep(&manifest.digest);
            }
            return Ok(Some(new));
        }
        match manifest.kind {
            ManifestKind::Image | ManifestKind::Schema1 if !wanted(manifest, &self.changes.platforms) => Ok(None),
            ManifestKind::Index => self.index(old, manifest),
            ManifestKind::Missing => Ok(Some(old.clone())),
            _ => {
                let about = manifest.attests.as_ref().or(manifest.subject.as_ref());
                if about.is_some_and(|about| self.is_gone(about)) {
                    self.dropped.insert(manifest.digest.clone());
                    return Ok(None);
                }
                self.keep(&manifest.digest);
                for digest in
                    manifest.config_digest.iter().chain(manifest.layers.iter().filter_map(|l| l.digest.as_ref()))
                {
                    self.keep(digest);
                }
                Ok(Some(old.clone()))
            }
        }
    }

    /// Whether what something is about is not here any more as it was.
    fn is_gone(&self, about: &Digest) -> bool {
        match self.made.get(about) {
            Some(done) => done.descriptor.digest != *about,
            None => self
                .manifest(about)
                .is_some_and(|manifest| manifest.is_image() && !wanted(manifest, &self.changes.platforms)),
        }
    }

    fn index(&mut self, old: &Descriptor, manifest: &ImageManifest) -> Result<Option<Descriptor>, ChangeError> {
        let wrong = |error: serde_json::Error| ChangeError::Document {
            document: "index",
            image: manifest.digest.to_string(),
            message: error.to_string(),
        };
        let before: Index = serde_json::from_value(manifest.json.clone()).map_err(wrong)?;
        let mut index = before.clone();
        index.manifests.clear();
        for child in &before.manifests {
            // An index inside itself was found when it was opened, and its manifest is not followed twice.
            if child.digest != manifest.digest && !manifest.via.contains(&child.digest) {
                index.manifests.extend(self.descriptor(child)?);
            }
        }
        if index.manifests.is_empty() {
            return Ok(None);
        }
        merge(&mut index.annotations, &self.changes.index_annotations);
        if let Some(docker) = self.changes.docker_types {
            index.media_type = Some(if docker { MediaType::DOCKER_LIST } else { MediaType::OCI_INDEX }.into());
        }
        if index == before {
            self.keep(&manifest.digest);
            return Ok(Some(old.clone()));
        }
        let (digest, bytes) = blob(document(&index)?);
        let mut new = old.clone();
        new.data = None;
        new.size = bytes.size();
        new.digest = digest.clone();
        if let Some(media) = &index.media_type {
            new.media_type = media.clone();
        }
        self.out.blobs.insert(digest, bytes);
        Ok(Some(new))
    }

    /// Puts the one image of an index, where it holds nothing else and was made here, in the index's place.
    fn unwrap_indexes(&mut self, roots: &mut [Descriptor]) {
        let mut unwrapped = Vec::new();
        for root in roots.iter_mut() {
            if let Some(image) = self.only_image(root) {
                unwrapped.push(root.digest.clone());
                *root = Descriptor { annotations: std::mem::take(&mut root.annotations), ..image };
            }
        }
        // Other indexes may hold it too.
        if roots.iter().all(|root| self.made.values().any(|done| done.descriptor.digest == root.digest)) {
            self.out.blobs.retain(|digest, _| !unwrapped.contains(digest));
        }
    }

    fn only_image(&self, descriptor: &Descriptor) -> Option<Descriptor> {
        let index: Option<Index> = match self.out.blobs.get(&descriptor.digest) {
            Some(Piece::Bytes(bytes)) => serde_json::from_slice(bytes).ok(),
            _ => self.manifest(&descriptor.digest).and_then(|found| serde_json::from_value(found.json.clone()).ok()),
        };
        let index = index?;
        let ([only], true) = (index.manifests.as_slice(), index.artifact_type.is_none()) else { return None };
        self.made.values().any(|done| done.descriptor.digest == only.digest).then(|| only.clone())
    }

    fn keep(&mut self, digest: &Digest) {
        if let Ok(file) = self.whole.store().find(&digest.blob_path()) {
            self.out.blobs.insert(digest.clone(), piece(self.whole, file));
        }
    }
}

/// How to put several images together.
#[derive(Clone, Debug, Default)]
pub struct Combine {
    /// One index over all of them, instead of each standing by itself.
    pub index: bool,
    /// Annotations of that index.
    pub annotations: BTreeMap<String, String>,
    /// Docker's media type for it.
    pub docker_types: bool,
    /// Names of the index; without one, images keep the names they have.
    pub tags: Vec<String>,
}

/// Several images in one archive: side by side, or as the platforms of one index.
///
/// # Errors
/// [`ChangeError`]: an image that cannot be taken over whole, or two for one platform in an index.
pub async fn combine(
    images: &[Rc<Image>],
    how: &Combine,
    watch: &dyn crate::image::Watch,
) -> Result<Contents, ChangeError> {
    let mut out = Contents::default();
    let mut listed: Vec<Descriptor> = Vec::new();
    for image in images {
        let contents = crate::image::export::contents(image, watch).await?;
        out.blobs.extend(contents.blobs);
        for saved in contents.images {
            if !out.images.iter().any(|other| other.config == saved.config) {
                out.images.push(saved);
            }
        }
        if !how.index {
            out.manifests.extend(contents.manifests);
            continue;
        }
        // What the archives list directly is dissolved into the platforms it holds.
        for manifest in &image.manifests {
            if manifest.kind == ManifestKind::Index {
                let index: Option<Index> = serde_json::from_value(manifest.json.clone()).ok();
                listed.extend(index.into_iter().flat_map(|index| index.manifests));
            }
        }
        for descriptor in contents.manifests {
            let is_index =
                image.manifests.iter().any(|m| m.kind == ManifestKind::Index && m.digest == descriptor.digest);
            if !is_index {
                let mut descriptor = unnamed(descriptor);
                if descriptor.platform.is_none() {
                    let own = image.manifests.iter().find(|manifest| manifest.digest == descriptor.digest);
                    descriptor.platform = own.and_then(|manifest| manifest.platform.clone());
                }
                listed.push(descriptor);
            }
        }
    }
    if how.index {
        let mut unique: Vec<Descriptor> = Vec::new();
        for descriptor in listed {
            if unique.iter().any(|other| other.digest == descriptor.digest) {
                continue;
            }
            let platform = descriptor.platform.as_ref().map(Platform::label);
            let is_image = platform.as_deref().is_some_and(|platform| platform != "unknown/unknown");
            if is_image && unique.iter().any(|other| other.platform == descriptor.platform) {
                return Err(ChangeError::SamePlatform(platform.unwrap_or_default()));
            }
            unique.push(descriptor);
        }
        let mut index = Index::oci(unique);
        let media = if how.docker_types { MediaType::DOCKER_LIST } else { MediaType::OCI_INDEX };
        index.media_type = Some(media.into());
        index.annotations = how.annotations.clone();
        let (digest, bytes) = blob(document(&index)?);
        let descriptor = Descriptor::new(media, digest.clone(), bytes.size());
        out.blobs.insert(digest, bytes);
        let tags = full_names(&how.tags);
        out.manifests = tags.iter().map(|tag| named(descriptor.clone(), tag)).collect();
        if tags.is_empty() {
            out.manifests.push(descriptor);
        }
        for (number, saved) in out.images.iter_mut().enumerate() {
            saved.tags = if number == 0 { tags.clone() } else { Vec::new() };
        }
    }
    if out.manifests.is_empty() {
        return Err(ChangeError::NoImage);
    }
    Ok(out)
}
