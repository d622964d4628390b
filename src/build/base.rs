//! Base images: from an opened image to a tree, its layers checked on the way, and the bytes of its files when a step
//! needs them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::tree::{Content, Kind, Meta, Node, Tree, clean};
use crate::archive::decode::{DecodeError, Decoder};
use crate::archive::tar::{Entry, EntryKind, TarError, TarReader, TarSink};
use crate::archive::tar_write::Time;
use crate::image::{Image, Watch};
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
        let merged = self.image.tree(self.manifest, None, watch).await.map_err(|error| error.to_string())?;
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

    /// The bytes of members of a layer, in one pass over it.
    ///
    /// # Errors
    /// A message.
    pub async fn members(
        &self,
        layer: u32,
        entries: &BTreeSet<u32>,
        watch: &dyn Watch,
    ) -> Result<BTreeMap<u32, Rc<[u8]>>, String> {
        let number = layer as usize;
        let read = self.image.layer(self.manifest, number, None, watch).await.map_err(|error| error.to_string())?;
        let reference = self.image.manifests.get(self.manifest).and_then(|manifest| manifest.layers.get(number));
        let blob = reference.and_then(|reference| reference.blob).ok_or("its layer is not here")?;
        let mut found = BTreeMap::new();
        let mut catch = Catch { wanted: HashMap::new(), current: None, found: Vec::new() };
        for entry in entries {
            match read.index.get(*entry as usize) {
                Some(member) if member.size > 0 => {
                    catch.wanted.insert(member.data_offset, *entry);
                }
                Some(_) => {
                    found.insert(*entry, Rc::from(&[][..]));
                }
                None => return Err("its layer has no such member".to_owned()),
            }
        }
        let compression = read.compression.unwrap_or(Compression::None);
        let limits = self.image.limits.layer;
        let mut decoder = Decoder::new(compression, limits.decode).ok_or("its compression cannot be read")?;
        let mut tar = TarReader::new(limits.tar);
        let mut at = 0;
        while at < blob.size && found.len() + catch.found.len() < entries.len() {
            let bytes = self.image.store().read(blob, at, CHUNK).await.map_err(|error| error.0)?;
            if bytes.is_empty() {
                break;
            }
            at += bytes.len() as u64;
            let result = decoder.push::<Stop>(&bytes, &mut |bytes| Ok(tar.push(bytes, &mut catch)?));
            result.map_err(|stop| stop.0)?;
        }
        found.extend(catch.found);
        Ok(found)
    }
}

struct Stop(String);

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
struct Catch {
    wanted: HashMap<u64, u32>,
    current: Option<(u32, Vec<u8>)>,
    found: Vec<(u32, Rc<[u8]>)>,
}

impl TarSink for Catch {
    fn entry(&mut self, entry: &Entry) {
        self.current = self.wanted.get(&entry.data_offset).filter(|_| entry.size > 0).map(|at| (*at, Vec::new()));
    }

    fn data(&mut self, bytes: &[u8]) {
        if let Some((_, body)) = &mut self.current {
            body.extend_from_slice(bytes);
        }
    }

    fn hole(&mut self, length: u64) {
        if let Some((_, body)) = &mut self.current
            && let Ok(length) = usize::try_from(length)
        {
            body.resize(body.len().saturating_add(length), 0);
        }
    }

    fn end(&mut self) {
        if let Some((entry, body)) = self.current.take() {
            self.found.push((entry, body.into()));
        }
    }
}
