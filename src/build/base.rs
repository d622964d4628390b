//! Base images: from an opened image to a tree, its layers checked on the way, and the bytes of its files when a step
//! needs them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use super::run::{Answer, Host};
use super::tree::{Content, Kind, Meta, Node, Tree, clean};
use super::write::MemberSink;
use crate::archive::decode::{DecodeError, Decoder};
use crate::archive::tar::{Entry, EntryKind, TarError, TarReader, TarSink};
use crate::archive::tar_write::Time;
use crate::image::{Image, Step, Watch};
use crate::layer::NodeId;
use crate::oci::Compression;

const CHUNK: usize = 1 << 18;

/// An image that a build reads: which one of those in an archive.
#[derive(Clone)]
pub struct BaseImage {
    /// What was opened.
    pub image: Rc<Image>,
    /// The place of the manifest in [`Image::manifests`].
    pub manifest: usize,
}

impl BaseImage {
    /// Reads and checks every layer, and gives the merged file system. Files are numbered as those of image `number`.
    ///
    /// # Errors
    /// A message: a layer that is absent, damaged, or not what its digest says.
    pub async fn tree(&self, number: u32, watch: &dyn Watch) -> Result<Tree, String> {
        self.tree_below(usize::MAX, number, watch).await
    }

    /// The same of its lowest `layers` layers.
    ///
    /// # Errors
    /// As [`BaseImage::tree`].
    pub async fn tree_below(&self, layers: usize, number: u32, watch: &dyn Watch) -> Result<Tree, String> {
        let merged = self.image.tree_below(self.manifest, layers, None, watch).await;
        let merged = merged.map_err(|error| error.to_string())?;
        let manifest = self.image.manifests.get(self.manifest).ok_or("there is no such image")?;
        for (reference, layer) in manifest.layers.iter().zip(&merged.layers) {
            let name = reference.name();
            let layer = layer.as_ref().ok_or_else(|| format!("its layer {name} is not here or is encrypted"))?;
            if let Some(error) = layer.error() {
                return Err(format!("its layer {name} is damaged: {error}"));
            }
            if let Some(wanted) = &reference.digest
                && layer.digest(wanted.algorithm()).is_some_and(|found| found != wanted)
            {
                return Err(format!("its layer {name} has other bytes than its digest says; get the image anew"));
            }
            if let Some(wanted) = &reference.diff_id
                && layer.diff_id(wanted.algorithm()).is_some_and(|found| found != wanted)
            {
                return Err(format!("its layer {name} does not unpack to {wanted}; get the image anew"));
            }
        }
        let mut tree = Tree { root: Rc::new(Node::dir(Meta { mode: 0o755, ..Meta::default() })) };
        let mut nodes: HashMap<NodeId, Rc<Node>> = HashMap::new();
        let mut error = None;
        merged.visit(&mut |view| {
            if error.is_some() {
                return;
            }
            let node = match nodes.get(&view.name.node) {
                Some(node) => node.clone(),
                None => {
                    let attributes = &view.node.attributes;
                    let source = view.node.source;
                    let member = merged
                        .layers
                        .get(source.layer as usize)
                        .and_then(Option::as_ref)
                        .and_then(|layer| layer.index.get(source.entry as usize))
                        .filter(|_| !view.node.implicit);
                    let number_of = |value: i64| u64::try_from(value).unwrap_or(0);
                    let device = (number_of(attributes.device.0) as u32, number_of(attributes.device.1) as u32);
                    let kind = match attributes.kind {
                        EntryKind::Dir => Kind::Dir(BTreeMap::new()),
                        EntryKind::Symlink => Kind::Symlink(attributes.link.clone()),
                        EntryKind::Char => Kind::Char(device.0, device.1),
                        EntryKind::Block => Kind::Block(device.0, device.1),
                        EntryKind::Fifo => Kind::Fifo,
                        EntryKind::File | EntryKind::Hardlink | EntryKind::Unknown => Kind::File(Content::Layer {
                            image: number,
                            layer: source.layer,
                            entry: source.entry,
                            size: attributes.size,
                        }),
                    };
                    let node = Rc::new(Node {
                        meta: Meta {
                            mode: attributes.mode & 0o7777,
                            uid: number_of(attributes.uid),
                            gid: number_of(attributes.gid),
                            mtime: Time { seconds: attributes.mtime.seconds, nanos: attributes.mtime.nanos },
                            xattrs: member.map(|member| member.xattrs.iter().cloned().collect()).unwrap_or_default(),
                        },
                        kind,
                    });
                    if attributes.kind != EntryKind::Dir {
                        nodes.insert(view.name.node, node.clone());
                    }
                    node
                }
            };
            error = tree.put(&clean(view.path), node).err();
        });
        match error {
            Some(error) => Err(error.to_string()),
            None => Ok(tree),
        }
    }

    /// Hands over members of a layer, in one pass over it: those without content first, then in the order of its tar.
    ///
    /// # Errors
    /// A message.
    pub async fn members(
        &self,
        layer: u32,
        entries: &BTreeSet<u32>,
        sink: &mut dyn MemberSink,
        watch: &dyn Watch,
    ) -> Result<(), String> {
        let number = layer as usize;
        let read = self.image.layer(self.manifest, number, None, watch).await.map_err(|error| error.to_string())?;
        let reference = self.image.manifests.get(self.manifest).and_then(|manifest| manifest.layers.get(number));
        let blob = reference.and_then(|reference| reference.blob).ok_or("its layer is not here")?;
        let mut wanted = HashMap::new();
        for entry in entries {
            match read.index.get(*entry as usize) {
                Some(member) if member.size > 0 => {
                    wanted.insert(member.data_offset, *entry);
                }
                Some(_) => {
                    sink.begin(*entry);
                    sink.end();
                }
                None => return Err("its layer has no such member".to_owned()),
            }
        }
        let compression = read.compression.unwrap_or(Compression::None);
        let limits = self.image.limits.layer;
        let mut decoder = Decoder::new(compression, limits.decode).ok_or("its compression cannot be read")?;
        let mut tar = TarReader::new(limits.tar);
        let mut catch = Catch { wanted, inside: false, sink };
        let mut at = 0;
        while at < blob.size && (catch.inside || !catch.wanted.is_empty()) {
            let bytes = self.image.store().read(blob, at, CHUNK).await.map_err(|error| error.0)?;
            if bytes.is_empty() {
                break;
            }
            at += bytes.len() as u64;
            let result = decoder.push::<Stop>(&bytes, &mut |bytes| Ok(tar.push(bytes, &mut catch)?));
            result.map_err(|stop| stop.0)?;
            watch.step(Step { phase: "read", done: at, total: Some(blob.size), item: None }).await;
        }
        match catch.wanted.is_empty() {
            true => Ok(()),
            false => Err("its layer is cut off".to_owned()),
        }
    }
}

/// Why a layer cannot be read on, for a person.
pub(crate) struct Stop(pub(crate) String);

impl From<DecodeError> for Stop {
    fn from(error: DecodeError) -> Self {
        Self(error.to_string())
    }
}

impl From<TarError> for Stop {
    fn from(error: TarError) -> Self {
        Self(error.to_string())
    }
}

/// Catches the bodies of some members, known by where they begin.
struct Catch<'a> {
    wanted: HashMap<u64, u32>,
    inside: bool,
    sink: &'a mut dyn MemberSink,
}

impl TarSink for Catch<'_> {
    fn entry(&mut self, entry: &Entry) {
        let found = if entry.size > 0 { self.wanted.remove(&entry.data_offset) } else { None };
        self.inside = found.is_some();
        if let Some(number) = found {
            self.sink.begin(number);
        }
    }

    fn data(&mut self, bytes: &[u8]) {
        if self.inside {
            self.sink.data(bytes);
        }
    }

    fn hole(&mut self, length: u64) {
        const ZEROS: [u8; 4096] = [0; 4096];
        let mut left = if self.inside { length } else { 0 };
        while left > 0 {
            let piece = left.min(ZEROS.len() as u64);
            self.sink.data(ZEROS.get(..piece as usize).unwrap_or_default());
            left -= piece;
        }
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.inside) {
            self.sink.end();
        }
    }
}

/// The images that trees were made of, by their numbers, and whoever watches.
pub struct BaseImages<'a> {
    /// The images.
    pub images: Vec<BaseImage>,
    /// Whom progress is told.
    pub watch: &'a dyn Watch,
}

impl Host for BaseImages<'_> {
    fn members<'a>(
        &'a self,
        image: u32,
        layer: u32,
        entries: &'a BTreeSet<u32>,
        sink: &'a mut dyn MemberSink,
    ) -> Answer<'a, ()> {
        Box::pin(async move {
            let base = self.images.get(image as usize).ok_or("there is no such image")?;
            base.members(layer, entries, sink, self.watch).await
        })
    }

    fn images(&self) -> &[BaseImage] {
        &self.images
    }

    fn progress<'a>(&'a self, done: u64, total: u64, item: &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
        let item = Some(item).filter(|item| !item.is_empty());
        self.watch.step(Step { phase: "build", done, total: Some(total), item })
    }
}
