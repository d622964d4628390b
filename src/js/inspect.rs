//! What people ask about an image's files: who brought them, what is wasted, where a text stands; and all of them as a tar.

use super::image::{HostWatch, ImageHandle, Json, file_error, task};
use super::task::Task;
use super::{error, to_js};
use crate::image::analyze::{Count, LayerChanges};
use crate::image::flatten::Export;
use crate::layer::TouchKind;
use serde::Serialize;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Files and their bytes.
#[derive(Debug, Clone, Copy, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct FileCount {
    /// How many: everything but directories.
    #[tsify(type = "number")]
    files: u64,
    /// Their bytes.
    #[tsify(type = "number")]
    bytes: u64,
}

impl From<Count> for FileCount {
    fn from(Count { files, bytes }: Count) -> Self {
        Self { files, bytes }
    }
}

/// What one layer does.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct LayerCounts {
    /// All that it stores.
    stored: FileCount,
    /// What was not there before.
    added: FileCount,
    /// What stands in place of something of a lower layer.
    changed: FileCount,
    /// What it removes of lower layers, with the bytes that these keep storing.
    removed: FileCount,
    /// What of it a later layer replaces or hides, or nobody can see at all.
    wasted: FileCount,
}

impl From<&LayerChanges> for LayerCounts {
    fn from(of: &LayerChanges) -> Self {
        Self {
            stored: of.stored.into(),
            added: of.added.into(),
            changed: of.changed.into(),
            removed: of.removed.into(),
            wasted: of.wasted.into(),
        }
    }
}

/// A copy of a file that is stored and cannot be seen.
#[derive(Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "the shape for TypeScript: the objects themselves are written as JSON text")]
pub struct WastedFile {
    /// The path, without a leading slash.
    path: String,
    /// Its bytes.
    bytes: f64,
    /// The layer that stores it, the base being 0.
    layer: u32,
    /// Its place among the entries of that layer.
    entry: u32,
    /// The layer that replaces or removes it. Without one it could never be seen.
    #[tsify(optional)]
    by: Option<u32>,
    /// It is removed, not replaced.
    #[tsify(optional)]
    removed: Option<bool>,
}

/// What dive would say: it counts every copy of a path that is stored more than once, the visible one too. Removal by an
/// opaque marker or of a whole directory counts for each file below, which dive leaves out.
#[derive(Debug, Clone, Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
pub struct DiveEfficiency {
    /// From 0 to 1: the bytes of the smallest copy of each path, by the bytes of all copies.
    score: f64,
    /// Bytes of all copies of paths that are there more than once.
    #[tsify(type = "number")]
    wasted_bytes: u64,
    /// Bytes of files in all layers but the first.
    #[tsify(type = "number")]
    user_bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    layers: Vec<LayerCounts>,
    visible: FileCount,
    dive: DiveEfficiency,
}

/// One layer's doing to one path.
#[derive(Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "the shape for TypeScript: the objects themselves are written as JSON text")]
pub struct PathTouch {
    /// The layer, the base being 0.
    layer: u32,
    /// What it did.
    #[tsify(type = "\"added\" | \"changed\" | \"removed\"")]
    change: String,
    /// The layer's entry that did it, as written: for a removal, the whiteout or what stands in its place.
    entry: String,
    /// What stands there now: its kind.
    #[tsify(optional, type = "MergedEntry[\"kind\"]")]
    kind: Option<String>,
    /// Its size in bytes.
    #[tsify(optional)]
    size: Option<f64>,
    /// Its permissions.
    #[tsify(optional)]
    mode: Option<u32>,
    /// Its owner.
    #[tsify(optional)]
    uid: Option<f64>,
    /// Its group.
    #[tsify(optional)]
    gid: Option<f64>,
    /// When it was changed, in seconds since 1970.
    #[tsify(optional)]
    mtime: Option<f64>,
    /// For a change, what differs from before.
    #[tsify(optional, type = "(\"kind\" | \"content\" | \"mode\" | \"owner\" | \"link\" | \"device\" | \"time\")[]")]
    differs: Option<Vec<String>>,
}

/// A file in which a text stands.
#[derive(Serialize, tsify::Tsify)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "the shape for TypeScript: the objects themselves are written as JSON text")]
pub struct TextFound {
    /// The place of the file in the list of files.
    name: u32,
    /// Where it stands first, in bytes.
    offset: f64,
    /// On which line, from 1.
    line: f64,
    /// How often it stands there.
    count: f64,
    /// The line it stands on, cut to some 300 bytes.
    text: String,
}

#[wasm_bindgen]
impl ImageHandle {
    /// What each layer does and what is stored for nothing. The task answers with `[counts, WastedFile[]]`, of which at
    /// most `most` are listed.
    pub fn analyze(&self, manifest: usize, most: usize) -> Task {
        let image = self.image.clone();
        task(async move {
            let found = image.analyze(manifest, most, &HostWatch).await.map_err(file_error)?;
            let counts = to_js(&Counts {
                layers: found.layers.iter().map(LayerCounts::from).collect(),
                visible: found.visible.into(),
                dive: DiveEfficiency {
                    score: found.efficiency.score,
                    wasted_bytes: found.efficiency.wasted_bytes,
                    user_bytes: found.efficiency.user_bytes,
                },
            })?;
            let mut out = Json::list();
            for wasted in &found.wasted {
                out.begin();
                out.key("path");
                out.text(&wasted.path);
                out.number("bytes", wasted.bytes);
                out.number("layer", wasted.origin.layer);
                out.number("entry", wasted.origin.entry);
                if let Some(by) = wasted.by {
                    out.number("by", by);
                    out.number("removed", wasted.removed);
                }
                out.end();
            }
            Ok(js_sys::Array::of2(&counts, &out.parse()?).into())
        })
    }

    /// Every layer that made, changed or removed a path, the oldest first. The task answers with a `PathTouch[]`.
    pub fn touches(&self, manifest: usize, path: Vec<u8>, contents: bool) -> Task {
        let image = self.image.clone();
        task(async move {
            let contents = contents.then_some(u64::MAX);
            let touches = image.touches(manifest, &path, contents, &HostWatch).await.map_err(file_error)?;
            let mut out = Json::list();
            for touch in &touches {
                out.begin();
                out.number("layer", touch.layer);
                out.key("change");
                out.text(match touch.kind {
                    TouchKind::Added => b"added",
                    TouchKind::Changed => b"changed",
                    TouchKind::Removed => b"removed",
                });
                out.key("entry");
                out.text(&touch.entry);
                if let Some(of) = &touch.after {
                    out.key("kind");
                    out.text(of.kind.name().as_bytes());
                    out.number("size", of.size);
                    out.number("mode", of.mode);
                    out.number("uid", of.uid);
                    out.number("gid", of.gid);
                    out.time(of.mtime);
                }
                if touch.kind == TouchKind::Changed {
                    out.names("differs", touch.differs.iter().map(|name| name.as_bytes()));
                }
                out.end();
            }
            out.parse()
        })
    }

    /// The files in which bytes stand. `among` are places in the list of files, rising. The task answers with a
    /// `TextFound[]`.
    pub fn search(&self, manifest: usize, needle: Vec<u8>, among: Option<Vec<u32>>) -> Task {
        let image = self.image.clone();
        task(async move {
            let found = image.search(manifest, &needle, among.as_deref(), &HostWatch).await.map_err(file_error)?;
            let mut out = Json::list();
            for file in &found {
                out.begin();
                out.number("name", file.name);
                out.number("offset", file.offset);
                out.number("line", file.line);
                out.number("count", file.count);
                out.key("text");
                out.text(&file.text);
                out.end();
            }
            out.parse()
        })
    }

    /// Prepares to write the merged filesystem as a tar. The task answers with an `ExportedTar`.
    pub fn export(&self, manifest: usize) -> Task {
        let image = self.image.clone();
        task(async move {
            let export = image.export(manifest, &HostWatch).await.map_err(file_error)?;
            let content = export.content() as f64;
            Ok(ExportedTar { export: Rc::new(RefCell::new(Some(export))), content }.into())
        })
    }
}

/// A merged filesystem that is being written as a tar, piece by piece.
#[wasm_bindgen]
pub struct ExportedTar {
    export: Rc<RefCell<Option<Export>>>,
    content: f64,
}

#[wasm_bindgen]
impl ExportedTar {
    /// Bytes of files that it will hold; headers come on top.
    #[wasm_bindgen(getter)]
    pub fn content(&self) -> f64 {
        self.content
    }

    /// The next bytes, as a task that answers with a `Uint8Array`: an empty one at the end. One at a time.
    pub fn next(&self) -> Task {
        let place = self.export.clone();
        task(async move {
            let taken = place.borrow_mut().take();
            let mut export =
                taken.ok_or_else(|| error("EXPORT_BUSY", "the export is being read, or has failed", &()))?;
            let bytes = export.next(&HostWatch).await.map_err(file_error)?.unwrap_or_default();
            *place.borrow_mut() = Some(export);
            Ok(js_sys::Uint8Array::from(bytes.as_slice()).into())
        })
    }
}
