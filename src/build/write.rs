//! Writes changes as a layer, whatever holds the bytes of its files.
//!
//! Files of other images' layers are copied in one pass over each of those layers, so nothing is held but what one
//! member needs twice.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::diff::{Change, ChangeKind};
use super::error::StepError;
use super::layer::{LayerBlob, LayerCompression, LayerWriter};
use super::run::Host;
use super::tree::{Content, Kind};
use crate::archive::tar_write::{Member, TarWriteError, Time};
use crate::image::{Step, Unwatched, Watch};

const CHUNK: u64 = 1 << 18;

/// Takes members of a layer, one after the other.
pub trait MemberSink {
    /// The member with this number begins.
    fn begin(&mut self, entry: u32);
    /// Some of its content, holes filled with zeros.
    fn data(&mut self, bytes: &[u8]);
    /// It is complete.
    fn end(&mut self);
}

/// A member that is kept whole.
#[derive(Default)]
struct Whole(Vec<u8>);

impl MemberSink for Whole {
    fn begin(&mut self, _: u32) {
        self.0.clear();
    }

    fn data(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn end(&mut self) {}
}

/// A piece of a file.
///
/// # Errors
/// [`StepError::Read`].
pub async fn read(
    host: &dyn Host,
    content: &Content,
    offset: u64,
    length: u64,
    path: &str,
) -> Result<Rc<[u8]>, StepError> {
    let wrong = |message| StepError::Read { path: path.to_owned(), message };
    let part = |bytes: &[u8]| -> Rc<[u8]> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let to = usize::try_from(offset.saturating_add(length)).unwrap_or(usize::MAX).min(bytes.len());
        bytes.get(from..to).unwrap_or_default().into()
    };
    match content {
        Content::Bytes(bytes) if offset == 0 && length >= bytes.len() as u64 => Ok(bytes.clone()),
        Content::Bytes(bytes) => Ok(part(bytes)),
        Content::Source { source, offset: start, size } => {
            let want = usize::try_from(length).unwrap_or(usize::MAX);
            let place = start.saturating_add(offset);
            let bytes = source.read_at(place, want).await.map_err(|error| wrong(error.0))?;
            if bytes.is_empty() || bytes.len() > want {
                return Err(wrong(format!("it was listed with {size} bytes and has {offset}")));
            }
            Ok(bytes.into())
        }
        Content::Layer { image, layer, entry, .. } => {
            let wanted = BTreeSet::from([*entry]);
            let mut found = Whole::default();
            host.members(*image, *layer, &wanted, &mut found).await.map_err(wrong)?;
            Ok(part(&found.0))
        }
    }
}

/// Takes the members of a layer one after the other.
pub trait LayerOut {
    /// A member begins. A file's bytes follow, all of them, and then its end.
    ///
    /// # Errors
    /// A name that tar cannot hold.
    fn member(&mut self, member: &Member) -> Result<(), TarWriteError>;
    /// Bytes of the member's body.
    fn data(&mut self, bytes: &[u8]);
    /// Ends a body of `size` bytes.
    fn end(&mut self, size: u64);
}

impl LayerOut for LayerWriter {
    fn member(&mut self, member: &Member) -> Result<(), TarWriteError> {
        Self::member(self, member)
    }

    fn data(&mut self, bytes: &[u8]) {
        Self::data(self, bytes);
    }

    fn end(&mut self, size: u64) {
        Self::end(self, size);
    }
}

/// Writes a layer as a blob. See [`write_members`].
///
/// # Errors
/// As [`write_members`], and a name that a layer cannot hold.
pub async fn write_layer(
    changes: &[Change],
    compression: LayerCompression,
    latest: Option<Time>,
    host: &dyn Host,
) -> Result<LayerBlob, StepError> {
    let odd =
        changes.iter().find(|change| !matches!(change.kind, ChangeKind::Removed) && has_odd_whiteout(&change.path));
    if let Some(change) = odd {
        return Err(TarWriteError::Whiteout(String::from_utf8_lossy(&change.path).into_owned()).into());
    }
    let mut writer = LayerWriter::new(compression);
    write_members(changes, latest, host, &mut writer, &Unwatched).await?;
    Ok(writer.finish())
}

/// Writes the members of a layer: what is no file of another layer in the order of `changes`, then the files of other layers in the
/// order that they have there, then hard links. Times later than `latest` become `latest`. `watch` is told at least once
/// for each piece that is read; layers tell the host's own.
///
/// # Errors
/// [`StepError`]: bytes that cannot be read, a name that tar cannot hold.
pub async fn write_members(
    changes: &[Change],
    latest: Option<Time>,
    host: &dyn Host,
    writer: &mut dyn LayerOut,
    watch: &dyn Watch,
) -> Result<(), StepError> {
    let mut copied: BTreeMap<(u32, u32), BTreeMap<u32, Vec<&Change>>> = BTreeMap::new();
    for change in changes {
        let ChangeKind::Node(node) = &change.kind else {
            if matches!(change.kind, ChangeKind::Removed) {
                writer.member(&change.member(latest))?;
            }
            continue;
        };
        if let Kind::File(Content::Layer { image, layer, entry, .. }) = &node.kind {
            copied.entry((*image, *layer)).or_default().entry(*entry).or_default().push(change);
            continue;
        }
        writer.member(&change.member(latest))?;
        let Kind::File(content) = &node.kind else { continue };
        let path = String::from_utf8_lossy(&change.path);
        let size = content.size();
        let mut offset = 0;
        while offset < size {
            let piece = read(host, content, offset, CHUNK.min(size - offset), &path).await?;
            writer.data(&piece);
            offset += piece.len() as u64;
            watch.step(Step { phase: "build", done: offset, total: Some(size), item: None }).await;
        }
        writer.end(size);
    }
    for ((image, layer), entries) in &copied {
        let wanted: BTreeSet<u32> = entries.keys().copied().collect();
        let mut copy = Copy { writer: &mut *writer, entries, latest, current: None, error: None };
        let result = host.members(*image, *layer, &wanted, &mut copy).await;
        let error = copy.error.take();
        let read = |message| StepError::Read { path: format!("layer {layer}"), message };
        result.map_err(read)?;
        if let Some(error) = error {
            return Err(error);
        }
    }
    for change in changes.iter().filter(|change| matches!(change.kind, ChangeKind::Link(..))) {
        writer.member(&change.member(latest))?;
    }
    Ok(())
}

/// Whether a name on the path would be read as a whiteout of no name, of `.` or of `..` (layer.md, whiteouts).
fn has_odd_whiteout(path: &[u8]) -> bool {
    path.split(|byte| *byte == b'/').any(|name| matches!(name, b".wh." | b".wh.." | b".wh..."))
}

/// Copies members into a layer under their new names.
struct Copy<'a> {
    writer: &'a mut dyn LayerOut,
    entries: &'a BTreeMap<u32, Vec<&'a Change>>,
    latest: Option<Time>,
    current: Option<Current<'a>>,
    error: Option<StepError>,
}

struct Current<'a> {
    changes: &'a [&'a Change],
    /// How many bytes have come.
    taken: u64,
    /// The content, where more than one name needs it.
    kept: Vec<u8>,
}

fn size_of(change: &Change) -> u64 {
    match &change.kind {
        ChangeKind::Node(node) => node.size(),
        _ => 0,
    }
}

impl Copy<'_> {
    fn member(&mut self, change: &Change) -> Result<(), TarWriteError> {
        self.writer.member(&change.member(self.latest))
    }
}

impl MemberSink for Copy<'_> {
    fn begin(&mut self, entry: u32) {
        let Some(changes) = self.entries.get(&entry) else { return };
        if let Some(first) = changes.first()
            && let Err(error) = self.member(first)
        {
            self.error.get_or_insert(error.into());
        }
        self.current = Some(Current { changes, taken: 0, kept: Vec::new() });
    }

    fn data(&mut self, bytes: &[u8]) {
        if let Some(current) = &mut self.current {
            current.taken += bytes.len() as u64;
            self.writer.data(bytes);
            if current.changes.len() > 1 {
                current.kept.extend_from_slice(bytes);
            }
        }
    }

    fn end(&mut self) {
        let Some(current) = self.current.take() else { return };
        for (number, change) in current.changes.iter().enumerate() {
            let size = size_of(change);
            if current.taken != size {
                let path = String::from_utf8_lossy(&change.path).into_owned();
                let message = format!("its layer gives {} bytes and not the {size} it was listed with", current.taken);
                self.error.get_or_insert(StepError::Read { path, message });
                return;
            }
            if number > 0 {
                if let Err(error) = self.member(change) {
                    self.error.get_or_insert(error.into());
                }
                self.writer.data(&current.kept);
            }
            self.writer.end(size);
        }
    }
}
