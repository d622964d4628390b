//! Changes and combines images for JavaScript.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::Deserialize;
use wasm_bindgen::prelude::*;

use super::build::{ImageBuild, LayerFormat, MediaTypes};
use super::image::{HostSource, HostWatch, ImageHandle, open_error, task};
use super::task::Task;
use super::{error, options, to_js};
use crate::build::context::tree;
use crate::change::index::{Combine, combine};
use crate::change::layers::AdditionContent;
use crate::change::{Addition, ChangeError, Changes, ConfigChanges, Rebase, Squash, change};
use crate::image::save::{Contents, SaveFormat, save};
use crate::image::{Image, Limits};
use crate::oci::Platform;

/// Whom files belong to.
#[derive(Debug, Clone, Copy, Deserialize, tsify::Tsify)]
#[serde(deny_unknown_fields)]
pub struct OwnerNumbers {
    /// The user's number.
    #[tsify(type = "number")]
    pub uid: u64,
    /// The group's number.
    #[tsify(type = "number")]
    pub gid: u64,
}

/// What to change of an image. It is done in the order of these fields, after a rebase and before tags; what is left out
/// stays as it is, to the byte.
#[derive(Debug, Clone, Default, Deserialize, tsify::Tsify)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ChangeSettings {
    /// Keep images for these platforms only, as `linux/arm64`. One alone leaves no index around its image.
    #[tsify(optional)]
    pub platforms: Option<Vec<String>>,
    /// How many of the uppermost layers become one; `"all"` flattens the image.
    #[tsify(optional, type = "number | \"all\"")]
    pub squash: Option<serde_json::Value>,
    /// Paths to drop, with all below them, from every layer that holds them.
    #[tsify(optional)]
    pub remove: Option<Vec<String>>,
    /// Times of files, configuration and history later than this become this, in seconds since 1970.
    #[tsify(optional)]
    pub source_date_epoch: Option<f64>,
    /// Give every file this owner.
    #[tsify(optional)]
    pub owner: Option<OwnerNumbers>,
    /// Compress every layer like this. Default: as they are.
    #[tsify(optional)]
    pub compression: Option<LayerFormat>,
    /// The level: of gzip 1 to 9 (default 6), of zstd 1 to 19 (default 3).
    #[tsify(optional)]
    pub level: Option<u8>,
    /// Convert documents and layers to these media types.
    #[tsify(optional)]
    pub media_types: Option<MediaTypes>,
    /// What to change of the configuration.
    #[tsify(optional)]
    pub config: Option<ConfigChanges>,
    /// Annotations of the manifests; `null` removes one.
    #[tsify(optional, type = "Record<string, string | null>")]
    pub annotations: Option<BTreeMap<String, Option<String>>>,
    /// Annotations of the index, where there is one; `null` removes one.
    #[tsify(optional, type = "Record<string, string | null>")]
    pub index_annotations: Option<BTreeMap<String, Option<String>>>,
    /// The names of the outcome, as `name:tag`, instead of those it had.
    #[tsify(optional)]
    pub tags: Option<Vec<String>>,
}

fn change_error(failure: ChangeError) -> JsValue {
    error(failure.code(), &failure.to_string(), &())
}

fn invalid(message: &str) -> JsValue {
    error("OPTIONS_INVALID", message, &())
}

impl ChangeSettings {
    fn changes(self) -> Result<Changes, JsValue> {
        let mut platforms = Vec::new();
        for name in self.platforms.unwrap_or_default() {
            let platform = Platform::parse(&name);
            platforms.push(platform.ok_or_else(|| {
                invalid(&format!("platforms: `{name}` is no platform: give os/architecture, such as linux/arm64"))
            })?);
        }
        let squash = match self.squash {
            None => Squash::No,
            Some(serde_json::Value::String(text)) if text == "all" => Squash::All,
            Some(value) => match value.as_u64().and_then(|count| usize::try_from(count).ok()) {
                Some(count) => Squash::Upper(count),
                None => return Err(invalid("squash: give the number of layers from the top, or \"all\"")),
            },
        };
        let compression = match (self.compression, self.level) {
            (None, None) => None,
            (format, level) => Some(format.unwrap_or_default().with_level(level)?),
        };
        Ok(Changes {
            platforms,
            squash,
            remove: self.remove.unwrap_or_default(),
            epoch: self.source_date_epoch.map(|seconds| seconds as i64),
            owner: self.owner.map(|owner| (owner.uid, owner.gid)),
            compression,
            docker_types: self.media_types.map(|types| types == MediaTypes::Docker),
            config: self.config.unwrap_or_default(),
            annotations: self.annotations.unwrap_or_default(),
            index_annotations: self.index_annotations.unwrap_or_default(),
            tags: self.tags,
            ..Changes::default()
        })
    }
}

/// A change that is being put together. `start` begins it and leaves this empty.
#[wasm_bindgen]
pub struct ImageChange {
    image: Rc<Image>,
    changes: Changes,
}

#[wasm_bindgen]
impl ImageChange {
    /// A change of an image; of the one manifest with the number `only`, or of all of them.
    #[wasm_bindgen(constructor)]
    pub fn new(
        image: &ImageHandle,
        only: Option<usize>,
        #[wasm_bindgen(unchecked_param_type = "ChangeSettings | undefined")] settings: JsValue,
    ) -> Result<ImageChange, JsValue> {
        let mut changes = options::<ChangeSettings>(&settings)?.changes()?;
        changes.only = only;
        Ok(Self { image: image.image.clone(), changes })
    }

    /// Puts the layers on another base.
    pub fn rebase(&mut self, from: &ImageHandle, onto: &ImageHandle) {
        self.changes.rebase = Some(Rebase { from: from.image.clone(), onto: onto.image.clone() });
    }

    /// Adds a layer as it is: a tar from a source of the host.
    #[wasm_bindgen(js_name = appendTar)]
    pub fn append_tar(&mut self, source: u32, size: f64, created_by: Option<String>) {
        let content = AdditionContent::Tar(Rc::new(HostSource { number: source, size: size as u64 }));
        self.changes.append.push(Addition { content, created_by });
    }

    /// Adds a layer of the files of a named context of a build, below `destination`.
    #[wasm_bindgen(js_name = appendFiles)]
    pub fn append_files(
        &mut self,
        files: &mut ImageBuild,
        context: &str,
        destination: String,
        created_by: Option<String>,
    ) -> Result<(), JsValue> {
        let tree =
            tree(files.take_context(context)).map_err(|failure| error(failure.code(), &failure.to_string(), &()))?;
        // A directory, as the destination of `COPY` with a slash behind it.
        let destination = format!("/{}/", destination.trim_matches('/'));
        self.changes.append.push(Addition { content: AdditionContent::Files { tree, destination }, created_by });
        Ok(())
    }

    /// Gives a file another content, in every layer that holds it.
    pub fn edit(&mut self, path: String, content: Vec<u8>) {
        self.changes.edit.insert(path, content.into());
    }

    /// Begins. The task answers with the image, open, and what was done.
    pub fn start(&mut self) -> Task {
        let changes = std::mem::take(&mut self.changes);
        let image = self.image.clone();
        task(async move {
            let done = change(&image, &changes, &HostWatch).await.map_err(change_error)?;
            answer(&done.contents, Some(to_js(&done.report)?)).await
        })
    }
}

async fn answer(contents: &Contents, report: Option<JsValue>) -> Result<JsValue, JsValue> {
    let rope = save(contents, SaveFormat::OciLayout).map_err(|failure| change_error(failure.into()))?;
    let image = Image::open(Rc::new(rope), Limits::default(), &HostWatch).await.map_err(open_error)?;
    let answer = js_sys::Object::new();
    js_sys::Reflect::set(&answer, &"image".into(), &ImageHandle { image: Rc::new(image) }.into())?;
    if let Some(report) = report {
        js_sys::Reflect::set(&answer, &"report".into(), &report)?;
    }
    Ok(answer.into())
}

/// How to put images together.
#[derive(Debug, Clone, Default, Deserialize, tsify::Tsify)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CombineSettings {
    /// Make one index, the images being its platforms. Default: they stand side by side, each with its own names.
    #[tsify(optional)]
    pub index: Option<bool>,
    /// Annotations of the index.
    #[tsify(optional, type = "Record<string, string>")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// The media type of the index. Default: `oci`.
    #[tsify(optional)]
    pub media_types: Option<MediaTypes>,
    /// Names of the index, as `name:tag`.
    #[tsify(optional)]
    pub tags: Option<Vec<String>>,
}

/// Images that are being put together.
#[wasm_bindgen]
pub struct ImageCombination {
    images: Vec<Rc<Image>>,
    how: Combine,
}

#[wasm_bindgen]
impl ImageCombination {
    /// None yet.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "CombineSettings | undefined")] settings: JsValue,
    ) -> Result<ImageCombination, JsValue> {
        let settings = options::<CombineSettings>(&settings)?;
        let how = Combine {
            index: settings.index.unwrap_or(false),
            annotations: settings.annotations.unwrap_or_default(),
            docker_types: settings.media_types.unwrap_or_default() == MediaTypes::Docker,
            tags: settings.tags.unwrap_or_default(),
        };
        Ok(Self { images: Vec::new(), how })
    }

    /// One more.
    pub fn add(&mut self, image: &ImageHandle) {
        self.images.push(image.image.clone());
    }

    /// Begins. The task answers with the image, open.
    pub fn start(&self) -> Task {
        let (images, how) = (self.images.clone(), self.how.clone());
        task(async move {
            let contents = combine(&images, &how, &HostWatch).await.map_err(change_error)?;
            answer(&contents, None).await
        })
    }
}
