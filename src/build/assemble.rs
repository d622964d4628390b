//! From a request to images: plan, carry out, write the documents.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::base::{BaseImage, BaseImages};
use super::cache::Ports;
use super::context::{ContextFile, tree, without_ignored};
use super::error::BuildError;
use super::execute::Executor;
use super::fetch::Fetch;
use super::layer::LayerCompression;
use super::recipe::{Planned, recipe};
use super::run::{Inputs, OnRun, Outcome, RunOptions, Skipped, run};
use super::step::{Base, ImageKey};
use super::tree::{Content, Kind, Tree, clean};
use super::unpack::UnpackLimits;
use crate::archive::tar_write::Time;
use crate::dockerfile;
use crate::image::export::{blob, named, piece};
use crate::image::save::{Contents, Piece, SavedImage};
use crate::image::{Image, ImageManifest, ManifestKind, Watch};
use crate::oci::date::{SECONDS, rfc3339};
use crate::oci::{Compression, Descriptor, Digest, Index, Manifest, MediaType};
use crate::plan::{self, Plan, Platform};

/// The annotation of a manifest whose image lacks what `RUN` steps would have made: their lines, with commas.
pub const INCOMPLETE: &str = "dev.layerwright.build.skipped-run-lines";

/// What a name of a build context stands for.
pub enum NamedContext {
    /// Files.
    Files(Vec<ContextFile>),
    /// An image.
    Image(GivenImage),
}

/// An image that was opened for the build.
#[derive(Clone)]
pub struct GivenImage {
    /// What was opened.
    pub image: Rc<Image>,
    /// The digest of the manifest or index in it; without one, everything in it is looked through.
    pub digest: Option<Digest>,
}

/// A build.
#[derive(Default)]
pub struct Request {
    /// The Dockerfile.
    pub dockerfile: Vec<u8>,
    /// The Dockerfile's name in the context, for `<name>.dockerignore`. `Dockerfile` if empty.
    pub dockerfile_name: String,
    /// The files of the main context.
    pub context: Vec<ContextFile>,
    /// `--build-context`.
    pub contexts: BTreeMap<String, NamedContext>,
    /// Base images by their name in the Dockerfile.
    pub bases: BTreeMap<String, GivenImage>,
    /// `--platform`: one image each; several make an index. None: the build's own, `linux/amd64`.
    pub platforms: Vec<Platform>,
    /// `--build-arg`.
    pub build_args: BTreeMap<String, String>,
    /// `--label`.
    pub labels: BTreeMap<String, String>,
    /// `--target`.
    pub target: Option<String>,
    /// `--tag`, as `name:tag`; a missing tag is `latest`.
    pub tags: Vec<String>,
    /// What happens at `RUN`.
    pub on_run: OnRun,
    /// The compression of new layers.
    pub compression: LayerCompression,
    /// Docker's media types instead of OCI's.
    pub docker_types: bool,
    /// Times in new layers that are later than `SOURCE_DATE_EPOCH` become that.
    pub rewrite_timestamp: bool,
    /// `SOURCE_DATE_EPOCH` in seconds, where it is not among the build arguments.
    pub source_date_epoch: Option<i64>,
    /// Bounds of archives that `ADD` unpacks.
    pub unpack: UnpackLimits,
    /// Who gets what `ADD` names by its address. Without one, such an `ADD` is an error.
    pub fetch: Option<Rc<dyn Fetch>>,
}

/// What a build made: one image a platform, and all that is needed to save it.
pub struct Built {
    /// In the order of the platforms asked for.
    pub images: Vec<BuiltImage>,
    /// The blobs and descriptors, ready for [`save`](crate::image::save::save).
    pub contents: Contents,
}

/// An image that was built.
pub struct BuiltImage {
    /// The digest of its manifest.
    pub digest: Digest,
    /// Its platform.
    pub platform: Platform,
    /// The configuration document.
    pub config: plan::Image,
    /// The manifest.
    pub manifest: Manifest,
    /// `RUN` steps that were left out. An image with any is incomplete.
    pub skipped: Vec<Skipped>,
    /// Its file system.
    pub tree: Tree,
}

/// Builds the images of a request.
///
/// The same request gives the same bytes, whatever the order of its files. There is no clock: without
/// `SOURCE_DATE_EPOCH` the configuration has no `created`, and directories that the build makes are of 1970.
///
/// # Errors
/// [`BuildError`], with the line of the Dockerfile where there is one.
pub async fn build(request: Request, watch: &dyn Watch, executors: &[&dyn Executor]) -> Result<Built, BuildError> {
    build_with(request, watch, &Ports { executors, ..Ports::default() }).await
}

/// [`build`] with all that a host may have: a cache of layers, somebody who is told of steps.
///
/// # Errors
/// As [`build`].
pub async fn build_with(request: Request, watch: &dyn Watch, ports: &Ports<'_>) -> Result<Built, BuildError> {
    let file = dockerfile::parse(&request.dockerfile);
    let mut build_args = request.build_args;
    if let Some(epoch) = request.source_date_epoch {
        build_args.entry("SOURCE_DATE_EPOCH".to_owned()).or_insert_with(|| epoch.to_string());
    }
    let epoch = match build_args.get("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) {
        Some(text) => {
            let seconds = text.parse::<i64>().ok().filter(|seconds| SECONDS.contains(seconds));
            let message = || format!("`{text}` is no number of seconds in the years 0 to 9999");
            Some(seconds.ok_or_else(|| BuildError::Option { option: "SOURCE_DATE_EPOCH", message: message() })?)
        }
        None => None,
    };
    let name = if request.dockerfile_name.is_empty() { "Dockerfile" } else { &request.dockerfile_name };
    let main = tree(request.context)?;
    let ignored = ignore_file(&main, &[&format!("{name}.dockerignore"), ".dockerignore"]).await?;
    let main = without(main, ignored.as_ref())?;
    let mut files: BTreeMap<String, Tree> = BTreeMap::new();
    let mut given: BTreeMap<String, GivenImage> = BTreeMap::new();
    let mut image_contexts = BTreeSet::new();
    for (name, context) in request.contexts {
        match context {
            NamedContext::Files(list) => {
                let full = tree(list)?;
                let ignored = ignore_file(&full, &[".dockerignore"]).await?;
                files.insert(name, without(full, ignored.as_ref())?);
            }
            NamedContext::Image(image) => {
                image_contexts.insert(name.clone());
                given.insert(name, image);
            }
        }
    }
    for (name, image) in request.bases {
        let full = plan::reference::normalize(&name)
            .map_err(|error| BuildError::Option { option: "bases", message: error.to_string() })?;
        given.insert(full, image);
    }

    // What the images say for each platform that they have.
    let mut configs: BTreeMap<String, BTreeMap<String, plan::Image>> = BTreeMap::new();
    for (name, image) in &given {
        let list = candidates(image);
        // One that stands alone is taken for any platform.
        for (_, manifest) in list.iter().filter(|_| list.len() > 1) {
            if let (Some(platform), Some(config)) = (&manifest.platform, config_of(manifest)) {
                let platform = Platform {
                    os: platform.os.clone(),
                    os_version: String::new(),
                    architecture: platform.architecture.clone(),
                    variant: platform.variant.clone().unwrap_or_default(),
                };
                let each = configs.entry(name.clone()).or_default();
                each.entry(platform.normalized().full()).or_insert(config);
            }
        }
    }
    let own = Platform::linux("amd64");
    let platforms = if request.platforms.is_empty() { vec![own.clone()] } else { request.platforms };
    let several = platforms.len() > 1;
    let made = Time { seconds: epoch.unwrap_or(0), nanos: 0 };
    let mut options = RunOptions {
        compression: request.compression,
        made,
        latest: epoch.filter(|_| request.rewrite_timestamp).map(|seconds| Time { seconds, nanos: 0 }),
        on_run: request.on_run,
        unpack: request.unpack,
        platform: String::new(),
        fetch: request.fetch,
    };
    let mut built = Built { images: Vec::new(), contents: Contents::default() };
    let mut listed = Vec::new();
    for platform in platforms {
        let mut plan_options = plan::Options {
            target: request.target.clone(),
            platform: Some(platform.clone()),
            build_args: build_args.clone(),
            labels: request.labels.clone(),
            platform_configs: configs.clone(),
            contexts: files.keys().map(|name| (name.clone(), plan::Context::Files)).collect(),
            ..plan::Options::default()
        };
        for (name, image) in &given {
            let base = choose(name, image, &platform).ok();
            let config = base.and_then(|base| config_of(base.image.manifests.get(base.manifest)?));
            if image_contexts.contains(name) {
                plan_options.contexts.insert(name.clone(), plan::Context::Image(config.map(Box::new)));
            } else if let Some(config) = config {
                plan_options.base_configs.insert(name.clone(), config);
            }
        }
        let plan = crate::check::plan(
            &request.dockerfile,
            &file,
            &plan_options,
            ignored.as_ref().map(|(_, text)| text.as_str()),
        );
        if let Some(error) = &plan.error {
            return Err(BuildError::Plan {
                line: error.lines.from,
                code: error.code.to_owned(),
                message: error.message.clone(),
            });
        }
        let planned = recipe(&plan, &image_contexts, &platform);
        let bases = needed(&planned, &given, &own)?;
        let mut images = BTreeMap::new();
        let mut sources = Vec::new();
        for (key, base) in &bases {
            let number = u32::try_from(sources.len()).unwrap_or(u32::MAX);
            let tree = base
                .tree(number, watch)
                .await
                .map_err(|message| BuildError::Base { name: key.name.clone(), message })?;
            images.insert(key.clone(), tree);
            sources.push(base.clone());
        }
        let numbers = bases.keys().cloned().enumerate().map(|(number, key)| (key, number)).collect();
        let inputs = Inputs { context: main.clone(), contexts: files.clone(), images, numbers };
        let host = BaseImages { images: sources, watch };
        options.platform = platform.full();
        let outcome = run(&planned.recipe, &inputs, &options, &host, ports).await?;
        let base = outcome.base.as_ref().and_then(|key| bases.get(key));
        let make = Documents {
            plan: &plan,
            planned: &planned,
            base,
            compression: request.compression,
            docker: request.docker_types,
            epoch,
            watch,
        };
        let image = make.image(outcome, platform, &mut built.contents).await?;
        let size = built.contents.blobs.get(&image.digest).map_or(0, Piece::size);
        let media = if request.docker_types { MediaType::DOCKER_MANIFEST } else { MediaType::OCI_MANIFEST };
        let mut descriptor = Descriptor::new(media, image.digest.clone(), size);
        descriptor.platform = Some(crate::oci::Platform {
            architecture: image.config.architecture.clone(),
            os: image.config.os.clone(),
            variant: Some(image.config.variant.clone()).filter(|variant| !variant.is_empty()),
            os_version: Some(image.config.os_version.clone()).filter(|version| !version.is_empty()),
            os_features: Vec::new(),
        });
        listed.push(descriptor);
        built.images.push(image);
    }
    name_images(&mut built, listed, several, request.docker_types, &request.tags)?;
    Ok(built)
}

/// Lists the images in `index.json`, through an index of their own if there are several, under their names.
fn name_images(
    built: &mut Built,
    listed: Vec<Descriptor>,
    several: bool,
    docker: bool,
    tags: &[String],
) -> Result<(), BuildError> {
    let root = if several {
        let mut index = Index::oci(listed);
        let media = if docker { MediaType::DOCKER_LIST } else { MediaType::OCI_INDEX };
        index.media_type = Some(media.into());
        let (digest, bytes) = blob(document(&index)?);
        let descriptor = Descriptor::new(media, digest.clone(), bytes.size());
        built.contents.blobs.insert(digest, bytes);
        vec![descriptor]
    } else {
        listed
    };
    let tags: Vec<String> = tags
        .iter()
        .map(|tag| match tag.rsplit('/').next() {
            Some(last) if last.contains(':') => tag.clone(),
            _ => format!("{tag}:latest"),
        })
        .collect();
    for descriptor in root {
        match tags.is_empty() {
            true => built.contents.manifests.push(descriptor),
            false => built.contents.manifests.extend(tags.iter().map(|tag| named(descriptor.clone(), tag))),
        }
    }
    // Docker knows one image by a name: the first platform's.
    if let Some(first) = built.contents.images.first_mut() {
        first.tags = tags;
    }
    Ok(())
}

fn document(value: &impl serde::Serialize) -> Result<Vec<u8>, BuildError> {
    serde_json::to_vec(value).map_err(|error| BuildError::Option { option: "document", message: error.to_string() })
}

/// The context without what the first of these files that exists leaves out.
async fn ignore_file(full: &Tree, names: &[&str]) -> Result<Option<(String, String)>, BuildError> {
    for name in names {
        let Some(Kind::File(content)) = full.get(&clean(name.as_bytes())).map(|node| &node.kind) else { continue };
        let bytes: Rc<[u8]> = match content {
            Content::Bytes(bytes) => bytes.clone(),
            Content::Source { source, offset, size } => {
                let length = usize::try_from(*size).unwrap_or(usize::MAX);
                source.read_at(*offset, length).await.map(Rc::from).map_err(|error| BuildError::Option {
                    option: "context",
                    message: format!("{name}: {}", error.0),
                })?
            }
            Content::Layer { .. } => continue,
        };
        return Ok(Some(((*name).to_owned(), String::from_utf8_lossy(&bytes).into_owned())));
    }
    Ok(None)
}

/// A context without what its ignore file leaves out.
fn without(full: Tree, ignored: Option<&(String, String)>) -> Result<Tree, BuildError> {
    match ignored {
        Some((name, text)) => Ok(without_ignored(&full, text, name)?),
        None => Ok(full),
    }
}

/// The image of an archive that is for a platform. One that stands alone is taken as it is, as BuildKit does.
fn choose(name: &str, given: &GivenImage, platform: &Platform) -> Result<BaseImage, BuildError> {
    let wanted = crate::oci::Platform {
        architecture: platform.architecture.clone(),
        os: platform.os.clone(),
        variant: Some(platform.variant.clone()).filter(|variant| !variant.is_empty()),
        ..crate::oci::Platform::default()
    };
    let candidates = candidates(given);
    let alone = match candidates.as_slice() {
        [(at, manifest)] if manifest.via.is_empty() || given.digest.as_ref() == Some(&manifest.digest) => Some(*at),
        _ => None,
    };
    let fits = |manifest: &ImageManifest| manifest.platform.as_ref().is_some_and(|own| own.satisfies(&wanted));
    let found = alone.or_else(|| candidates.iter().find(|(_, manifest)| fits(manifest)).map(|(at, _)| *at));
    found.map(|manifest| BaseImage { image: given.image.clone(), manifest }).ok_or_else(|| {
        let has: Vec<String> =
            candidates.iter().filter_map(|(_, manifest)| Some(manifest.platform.as_ref()?.label())).collect();
        BuildError::PlatformMissing {
            name: name.to_owned(),
            platform: wanted.label(),
            has: if has.is_empty() { "none".to_owned() } else { has.join(", ") },
        }
    })
}

/// The images in what was given, in the order of its index.
fn candidates(given: &GivenImage) -> Vec<(usize, &ImageManifest)> {
    let within = |manifest: &ImageManifest| {
        given.digest.as_ref().is_none_or(|digest| manifest.digest == *digest || manifest.via.contains(digest))
    };
    let images = given.image.manifests.iter().enumerate();
    images.filter(|(_, manifest)| manifest.kind == ManifestKind::Image && within(manifest)).collect()
}

fn config_of(manifest: &ImageManifest) -> Option<plan::Image> {
    serde_json::from_value(manifest.config_json.clone()?).ok()
}

/// The images that a recipe reads.
fn needed(
    planned: &Planned,
    given: &BTreeMap<String, GivenImage>,
    own: &Platform,
) -> Result<BTreeMap<ImageKey, BaseImage>, BuildError> {
    let mut bases = BTreeMap::new();
    for stage in &planned.recipe.stages {
        let Base::Image(key) = &stage.base else { continue };
        let Some(image) = given.get(&key.name) else {
            let name = plan::reference::familiar(&key.name).to_owned();
            return Err(BuildError::BaseMissing { line: stage.line, name });
        };
        let platform = Platform::parse(&key.platform, own)
            .map_err(|error| BuildError::Option { option: "platform", message: error.to_string() })?;
        bases.insert(key.clone(), choose(&key.name, image, &platform)?);
    }
    Ok(bases)
}

struct Documents<'a> {
    plan: &'a Plan,
    planned: &'a Planned,
    base: Option<&'a BaseImage>,
    compression: LayerCompression,
    docker: bool,
    epoch: Option<i64>,
    watch: &'a dyn Watch,
}

impl Documents<'_> {
    async fn image(
        &self,
        outcome: Outcome,
        platform: Platform,
        contents: &mut Contents,
    ) -> Result<BuiltImage, BuildError> {
        let mut layers = Vec::new();
        let mut diff_ids: Vec<String> = Vec::new();
        if let Some(base) = self.base
            && let Some(manifest) = base.image.manifests.get(base.manifest)
        {
            let wrong = |message: String| BuildError::Base {
                name: outcome.base.as_ref().map(|key| key.name.clone()).unwrap_or_default(),
                message,
            };
            for (at, reference) in manifest.layers.iter().enumerate() {
                let layer = base
                    .image
                    .layer(base.manifest, at, None, self.watch)
                    .await
                    .map_err(|error| wrong(error.to_string()))?;
                let file = reference.blob.ok_or_else(|| wrong("a layer is not here".to_owned()))?;
                let digest = match &reference.digest {
                    Some(digest) => digest.clone(),
                    None => layer
                        .digest(crate::oci::Algorithm::Sha256)
                        .cloned()
                        .ok_or_else(|| wrong("a layer has no digest".to_owned()))?,
                };
                let mut descriptor = Descriptor::new(self.layer_type(layer.compression), digest.clone(), layer.size);
                descriptor.annotations = reference
                    .annotations
                    .iter()
                    .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                    .collect();
                layers.push(descriptor);
                let diff_id = reference.diff_id.as_ref().or_else(|| layer.diff_ids.first());
                diff_ids.push(diff_id.map(ToString::to_string).unwrap_or_default());
                contents.blobs.insert(digest, piece(&base.image, file));
            }
        }
        for layer in outcome.layers {
            let media = self.compression.media_type(self.docker);
            layers.push(Descriptor::new(media, layer.digest.clone(), layer.blob.size()));
            diff_ids.push(layer.diff_id.to_string());
            contents.blobs.insert(layer.digest, layer.blob);
        }

        let mut config = self.plan.image.clone();
        config.rootfs.kind = "layers".to_owned();
        config.rootfs.diff_ids = diff_ids;
        if let Some(epoch) = self.epoch {
            config.created = Some(rfc3339(epoch));
        } else if self.base.is_some() && config.rootfs.diff_ids.len() == self.base_layers() {
            // Nothing was added to the files: the base's own time still says when they were made.
        } else {
            config.created = None;
        }
        self.leave_out(&mut config, &outcome.skipped);
        settle_history(&mut config);
        let (config_digest, bytes) = blob(document(&config)?);
        let media = if self.docker { MediaType::DOCKER_CONFIG } else { MediaType::OCI_CONFIG };
        let descriptor = Descriptor::new(media, config_digest.clone(), bytes.size());
        contents.blobs.insert(config_digest.clone(), bytes);
        let blobs = layers.iter().map(|layer| layer.digest.clone()).collect();
        let mut manifest = Manifest::oci(descriptor, layers);
        if self.docker {
            manifest.media_type = Some(MediaType::DOCKER_MANIFEST.into());
        }
        if !outcome.skipped.is_empty() {
            let lines: Vec<String> = outcome.skipped.iter().map(|skipped| skipped.line.to_string()).collect();
            manifest.annotations.insert(INCOMPLETE.to_owned(), lines.join(","));
        }
        let (digest, bytes) = blob(document(&manifest)?);
        contents.blobs.insert(digest.clone(), bytes);
        contents.images.push(SavedImage { config: config_digest, layers: blobs, tags: Vec::new() });
        Ok(BuiltImage { digest, platform, config, manifest, skipped: outcome.skipped, tree: outcome.tree })
    }

    fn base_layers(&self) -> usize {
        self.base.and_then(|base| base.image.manifests.get(base.manifest)).map_or(0, |manifest| manifest.layers.len())
    }

    fn layer_type(&self, compression: Option<Compression>) -> &'static str {
        match (compression, self.docker) {
            (Some(Compression::Gzip), true) => MediaType::DOCKER_LAYER_GZIP,
            (Some(Compression::None), true) => MediaType::DOCKER_LAYER,
            (other, _) => crate::image::export::layer_type(other),
        }
    }

    /// A step that was left out makes no layer, and the history has to say so.
    fn leave_out(&self, config: &mut plan::Image, skipped: &[Skipped]) {
        let stages = &self.planned.recipe.stages;
        // The stages whose layers the image has, the lowest first, with where their history entries begin.
        let mut chain = Vec::new();
        let mut at = Some(self.planned.recipe.target);
        while let Some(index) = at
            && chain.len() <= stages.len()
        {
            chain.push(index);
            at = match stages.get(index).map(|stage| &stage.base) {
                Some(Base::Stage(parent)) => Some(*parent),
                _ => None,
            };
        }
        let mut end = config.history.len();
        for index in chain {
            let written = self.planned.written.get(index).copied().unwrap_or(0);
            let start = end.saturating_sub(written);
            for step in skipped.iter().filter(|skipped| skipped.stage == index) {
                let entry =
                    self.planned.entries.get(index).and_then(|entries| entries.get(step.step)).copied().flatten();
                if let Some(history) = entry.and_then(|entry| config.history.get_mut(start + entry)) {
                    history.empty_layer = true;
                }
            }
            end = start;
        }
    }
}

/// Makes the history account for every layer and for no more, as BuildKit's exporter does: entries that would be left
/// over make no layer, and layers that no entry tells of get one (those of a base without history, or of a context that
/// a stage starts from).
fn settle_history(config: &mut plan::Image) {
    let layers = config.rootfs.diff_ids.len();
    let mut told = 0;
    for entry in config.history.iter_mut().filter(|entry| !entry.empty_layer) {
        if told < layers {
            told += 1;
        } else {
            entry.empty_layer = true;
        }
    }
    let comment = "buildkit.exporter.image.v0";
    config.history.extend(
        (told..layers).map(|_| plan::image::History { comment: comment.to_owned(), ..plan::image::History::default() }),
    );
}

#[cfg(test)]
mod tests {
    use super::settle_history;
    use crate::plan;

    #[test]
    fn history_and_layers_agree() {
        let entry = |empty_layer| plan::image::History { empty_layer, ..plan::image::History::default() };
        for (entries, layers, wanted) in [
            (vec![true, false, false], 2, vec![true, false, false]),
            (vec![false, true, false, false], 2, vec![false, true, false, true]),
            (vec![true], 2, vec![true, false, false]),
        ] {
            let mut config =
                plan::Image { history: entries.into_iter().map(entry).collect(), ..plan::Image::default() };
            config.rootfs.diff_ids = vec![String::new(); layers];
            settle_history(&mut config);
            let got: Vec<bool> = config.history.iter().map(|entry| entry.empty_layer).collect();
            assert_eq!(got, wanted);
        }
    }
}
