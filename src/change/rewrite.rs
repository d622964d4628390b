//! Layers written anew: without some members, with other times and owners, with another compression.
//!
//! A layer is read and written member by member, so only the compressed outcome is held.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::work::{Work, WorkLayer};
use super::{ChangeError, Changes};
use crate::archive::decode::{Decoder, sniff};
use crate::archive::tar::{Entry, EntryKind, TarReader, TarSink};
use crate::archive::tar_write::{Member, MemberKind, Time};
use crate::build::base::Stop;
use crate::build::layer::{LayerBlob, LayerCompression, LayerWriter};
use crate::image::{Step, Watch};
use crate::layer::LayerIndex;
use crate::layer::tree::clean;
use crate::oci::{Compression, MediaKind};

const CHUNK: usize = 1 << 18;

/// The compression of a layer that is written: the one asked for, or the one it had.
pub(super) fn target(changes: &Changes, had: Option<Compression>) -> LayerCompression {
    changes.compression.unwrap_or(match had {
        Some(Compression::None) => LayerCompression::None,
        Some(Compression::Zstd) => LayerCompression::Zstd(3),
        _ => LayerCompression::default(),
    })
}

/// Writes anew every layer that a change touches.
pub async fn rewrite(work: &mut Work, changes: &Changes, watch: &dyn Watch) -> Result<(), ChangeError> {
    let removed: HashSet<Vec<u8>> = changes.remove.iter().map(|path| key(&clean(path.as_bytes()))).collect();
    let edited: HashMap<Vec<u8>, Rc<[u8]>> =
        changes.edit.iter().map(|(path, bytes)| (key(&clean(path.as_bytes())), bytes.clone())).collect();
    let mut found: HashSet<Vec<u8>> = HashSet::new();
    let members = !removed.is_empty() || !edited.is_empty() || changes.epoch.is_some() || changes.owner.is_some();
    if !members && changes.compression.is_none() {
        return Ok(());
    }
    let image = if members { Some(work.image(watch).await?) } else { None };
    let docker = work.docker(changes);
    for number in 0..work.layers.len() {
        let Some(layer) = work.layers.get(number).cloned() else { continue };
        let name = layer.descriptor.digest.to_string();
        let closed = |why| ChangeError::Closed { layer: name.clone(), why };
        if matches!(layer.descriptor.media_type.kind(), MediaKind::Layer { encrypted: true, .. }) {
            return Err(closed("is encrypted"));
        }
        let mut edit = None;
        if let Some(base) = &image {
            let read = base.image.layer(base.manifest, number, None, watch).await?;
            if let Some(error) = read.error() {
                return Err(ChangeError::Damaged { layer: name, error: error.clone() });
            }
            let plan = Edit::new(&read.index, &removed, &edited, changes);
            found.extend(plan.edited.values().map(|(path, _)| path.clone()));
            edit = plan.touches(&read.index).then_some(plan);
        }
        let had = sniff(&layer.piece.read(0, 8).await?);
        let compression = target(changes, Some(had));
        let recompress = changes.compression.is_some() && !layer.fresh;
        if edit.is_none() && !recompress {
            continue;
        }
        let made = copy(work, &layer, had, compression, edit, watch).await?;
        let mut new = WorkLayer::made(made, compression.media_type(docker));
        if new.diff_id == layer.diff_id {
            // The same files: what was said about them is still true.
            new.descriptor.annotations = layer.descriptor.annotations.clone();
            new.descriptor.annotations.retain(|key, _| !key.contains("stargz") && !key.contains("zstd-chunked"));
        }
        if let Some(place) = work.layers.get_mut(number) {
            *place = new;
        }
    }
    match changes.edit.keys().find(|path| !found.contains(&key(&clean(path.as_bytes())))) {
        Some(path) => Err(ChangeError::NothingToEdit(path.clone())),
        None => Ok(()),
    }
}

/// Reads a layer and writes it again.
async fn copy(
    work: &Work,
    layer: &WorkLayer,
    had: Compression,
    compression: LayerCompression,
    edit: Option<Edit>,
    watch: &dyn Watch,
) -> Result<LayerBlob, ChangeError> {
    let limits = work.limits().layer;
    let size = layer.piece.size();
    let name = layer.descriptor.digest.to_string();
    let closed = || ChangeError::Closed { layer: name.clone(), why: "has a compression that cannot be read" };
    let mut decoder = Decoder::new(had, limits.decode).ok_or_else(closed)?;
    let mut writer = LayerWriter::new(compression);
    let mut tar = TarReader::new(limits.tar);
    let mut unpacked = 0u64;
    let mut at = 0;
    let stopped = |stop: Stop| ChangeError::Base(format!("the layer {name} is damaged: {}", stop.0));
    let mut error = None;
    let mut rewriting = edit.as_ref().map(|edit| Rewriting {
        edit,
        writer: LayerWriter::new(compression),
        number: 0,
        size: None,
        error: None,
    });
    while at < size && error.is_none() {
        let bytes = layer.piece.read(at, CHUNK).await?;
        if bytes.is_empty() {
            break;
        }
        at += bytes.len() as u64;
        let mut take = |bytes: &[u8]| {
            unpacked = unpacked.saturating_add(bytes.len() as u64);
            if unpacked > limits.unpacked {
                return Err(Stop(format!("it unpacks to more than the limit of {} bytes", limits.unpacked)));
            }
            match &mut rewriting {
                Some(rewriting) => tar.push(bytes, rewriting)?,
                None => writer.data(bytes),
            }
            Ok(())
        };
        decoder.push::<Stop>(&bytes, &mut take).map_err(stopped)?;
        error = rewriting.as_mut().and_then(|rewriting| rewriting.error.take());
        watch.step(Step { phase: "change", done: at, total: Some(size), item: Some(&name) }).await;
    }
    if let Some(error) = error {
        return Err(error);
    }
    let mut rest = |bytes: &[u8]| {
        match &mut rewriting {
            Some(rewriting) => tar.push(bytes, rewriting)?,
            None => writer.data(bytes),
        }
        Ok(())
    };
    decoder.finish::<Stop>(&mut rest).map_err(stopped)?;
    match rewriting {
        None => Ok(writer.close()),
        Some(Rewriting { error: Some(error), .. }) => Err(error),
        Some(rewriting) => Ok(rewriting.writer.finish()),
    }
}

/// A cleaned path as one name.
fn key(path: &[&[u8]]) -> Vec<u8> {
    path.join(&b'/')
}

/// What to do with the members of one layer.
struct Edit {
    /// Members that are dropped, by number.
    dropped: HashSet<usize>,
    /// Hard links that become the file, since the name they linked to is dropped: by the dropped name's number.
    heirs: HashMap<usize, Vec<u8>>,
    /// Hard links that link to an heir now, by number.
    relinked: HashMap<usize, Vec<u8>>,
    /// Members that get another content, by number: their path as one name, and the content.
    edited: HashMap<usize, (Vec<u8>, Rc<[u8]>)>,
    epoch: Option<Time>,
    owner: Option<(u64, u64)>,
}

impl Edit {
    fn new(
        index: &LayerIndex,
        removed: &HashSet<Vec<u8>>,
        edited: &HashMap<Vec<u8>, Rc<[u8]>>,
        changes: &Changes,
    ) -> Self {
        let mut edit = Self {
            dropped: HashSet::new(),
            heirs: HashMap::new(),
            relinked: HashMap::new(),
            edited: HashMap::new(),
            epoch: changes.epoch.map(|seconds| Time { seconds, nanos: 0 }),
            owner: changes.owner,
        };
        if !edited.is_empty() {
            for (number, member) in index.iter().enumerate() {
                let path = key(&clean(member.path));
                if matches!(member.kind, EntryKind::File | EntryKind::Hardlink)
                    && let Some(bytes) = edited.get(&path)
                {
                    edit.edited.insert(number, (path, bytes.clone()));
                }
            }
        }
        if removed.is_empty() {
            return edit;
        }
        // Files that are dropped, by path, for the links that follow them.
        let mut lost: HashMap<Vec<u8>, usize> = HashMap::new();
        for (number, member) in index.iter().enumerate() {
            let path = clean(member.path);
            if covers(removed, &path) {
                edit.dropped.insert(number);
                if member.kind == EntryKind::File {
                    lost.insert(key(&path), number);
                } else if member.kind == EntryKind::Hardlink
                    && let Some(file) = lost.get(&key(&clean(member.link))).copied()
                {
                    lost.insert(key(&path), file);
                }
                continue;
            }
            if member.kind == EntryKind::Hardlink
                && let Some(file) = lost.get(&key(&clean(member.link)))
            {
                match edit.heirs.get(file) {
                    Some(heir) => {
                        edit.relinked.insert(number, heir.clone());
                    }
                    None => {
                        edit.heirs.insert(*file, member.path.to_vec());
                        edit.dropped.insert(number);
                    }
                }
            }
        }
        edit
    }

    /// Whether anything of a layer becomes other than it is.
    fn touches(&self, index: &LayerIndex) -> bool {
        if !self.dropped.is_empty() || !self.edited.is_empty() {
            return true;
        }
        index.iter().any(|member| {
            let time = Time { seconds: member.mtime.seconds, nanos: member.mtime.nanos };
            self.epoch.is_some_and(|epoch| time > epoch)
                || self.owner.is_some_and(|(uid, gid)| {
                    u64::try_from(member.uid) != Ok(uid) || u64::try_from(member.gid) != Ok(gid)
                })
        })
    }
}

/// Whether a path, or the path that it is the whiteout of, is removed or lies below one that is.
fn covers(removed: &HashSet<Vec<u8>>, path: &[&[u8]]) -> bool {
    let mut path = path.to_vec();
    if let Some(last) = path.last_mut()
        && let Some(name) = last.strip_prefix(b".wh.")
        && !name.starts_with(b".wh.")
    {
        *last = name;
    }
    (1..=path.len()).any(|length| path.get(..length).is_some_and(|part| removed.contains(&key(part))))
}

/// Writes what a reader sees.
struct Rewriting<'a> {
    edit: &'a Edit,
    writer: LayerWriter,
    /// The number of the next member, counted as the index counts.
    number: usize,
    /// The size of the member that is being written.
    size: Option<u64>,
    error: Option<ChangeError>,
}

impl TarSink for Rewriting<'_> {
    fn entry(&mut self, entry: &Entry) {
        self.size = None;
        let number = self.number;
        self.number += 1;
        let edit = self.edit;
        let mut path = entry.path.as_slice();
        if edit.dropped.contains(&number) {
            match edit.heirs.get(&number) {
                Some(heir) => path = heir,
                None => return,
            }
        }
        let new = edit.edited.get(&number).map(|(_, bytes)| bytes);
        let link = edit.relinked.get(&number).map_or(entry.link.as_slice(), Vec::as_slice);
        let device = (entry.device.0 as u32, entry.device.1 as u32);
        let kind = match entry.kind {
            EntryKind::File | EntryKind::Hardlink if new.is_some() => {
                MemberKind::File(new.map_or(0, |bytes| bytes.len() as u64))
            }
            EntryKind::File => MemberKind::File(entry.size),
            EntryKind::Dir => MemberKind::Dir,
            EntryKind::Symlink => MemberKind::Symlink(link.to_vec()),
            EntryKind::Hardlink => MemberKind::HardLink(link.to_vec()),
            EntryKind::Char => MemberKind::Char(device.0, device.1),
            EntryKind::Block => MemberKind::Block(device.0, device.1),
            EntryKind::Fifo => MemberKind::Fifo,
            EntryKind::Unknown => {
                let shown = String::from_utf8_lossy(path);
                let message = format!("`{shown}` has a type flag that says nothing, so its layer cannot be rewritten");
                self.error.get_or_insert(ChangeError::Base(message));
                return;
            }
        };
        let time = Time { seconds: entry.mtime.seconds, nanos: entry.mtime.nanos };
        let number_of = |value: i64| u64::try_from(value).unwrap_or(0);
        let (uid, gid) = edit.owner.unwrap_or((number_of(entry.uid), number_of(entry.gid)));
        let member = Member {
            path: path.to_vec(),
            kind,
            mode: (entry.mode & 0o7777) as u32,
            uid,
            gid,
            mtime: edit.epoch.map_or(time, |epoch| time.min(epoch)),
            xattrs: entry.xattrs.iter().cloned().collect::<BTreeMap<_, _>>(),
        };
        match self.writer.member(&member) {
            Ok(()) if let Some(bytes) = new => {
                self.writer.data(bytes);
                self.writer.end(bytes.len() as u64);
            }
            Ok(()) => self.size = Some(if entry.kind == EntryKind::File { entry.size } else { 0 }),
            Err(error) => {
                self.error.get_or_insert(error.into());
            }
        }
    }

    fn data(&mut self, bytes: &[u8]) {
        if self.size.is_some_and(|size| size > 0) {
            self.writer.data(bytes);
        }
    }

    fn hole(&mut self, length: u64) {
        const ZEROS: [u8; 4096] = [0; 4096];
        let mut left = if self.size.is_some() { length } else { 0 };
        while left > 0 {
            let piece = left.min(ZEROS.len() as u64);
            self.writer.data(ZEROS.get(..piece as usize).unwrap_or_default());
            left -= piece;
        }
    }

    fn end(&mut self) {
        if let Some(size) = self.size.take() {
            self.writer.end(size);
        }
    }
}
