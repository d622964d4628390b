//! The merged filesystem of an image as one tar, made while it is read.
//!
//! The order lets every layer be read once, from its beginning, and every reader unpack as it reads: files, layer by layer
//! in the order of their tars; then further names of files; directories last, what lies deeper first, so that their modes
//! and times stand when all else is in them, and each with its symbolic links, devices and pipes right behind it, because GNU
//! tar makes links that lead upwards at its very end and must know of the directory by then. The same image gives the same
//! bytes.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::entries::{FileError, MergedTree};
use super::open::Image;
use super::pass::LayerPass;
use super::read::{Step, Watch};
use crate::archive::tar::{Entry, EntryKind, TarSink, Timestamp};
use crate::archive::tar_write::{END, Member, MemberKind, TarWriteError, Time, padding};
use crate::layer::{Attributes, Layer, NodeId};

/// Who owns what has an owner below zero, which no tar can say: nobody.
const NOBODY: u64 = 65_534;
/// The largest device number that a tar header holds.
const DEVICE: u32 = 0o777_7777;
/// How much is handed out at once, at least, except at the end.
const CHUNK: usize = 64 << 10;

static ZEROS: [u8; CHUNK] = [0; CHUNK];

/// A name of the filesystem: a part of the buffer of all names.
type NameAt = (usize, usize);

/// A file that a layer gives: the entry, the name and the node.
type FileAt = (u32, NameAt, NodeId);

enum Out {
    Bytes(Vec<u8>),
    Zeros(u64),
}

/// Takes the entries of a layer and keeps those that are alive.
#[derive(Default)]
struct Taking {
    out: VecDeque<Out>,
    queued: u64,
    /// Place in the list of the layer's files.
    next: usize,
    /// The number of the entry that comes next.
    number: u32,
    /// Bytes that the current file still gets, and the padding behind it.
    open: Option<(u64, usize)>,
    failure: Option<TarWriteError>,
}

impl Taking {
    fn bytes(&mut self, bytes: Vec<u8>) {
        self.queued += bytes.len() as u64;
        self.out.push_back(Out::Bytes(bytes));
    }

    fn zeros(&mut self, count: u64) {
        self.queued += count;
        if count > 0 {
            self.out.push_back(Out::Zeros(count));
        }
    }

    /// Some bytes that are ready.
    fn take(&mut self) -> Vec<u8> {
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK {
            match self.out.front_mut() {
                None => break,
                Some(Out::Bytes(bytes)) if chunk.is_empty() => {
                    chunk = std::mem::take(bytes);
                    self.out.pop_front();
                }
                Some(Out::Bytes(bytes)) => {
                    chunk.extend_from_slice(bytes);
                    self.out.pop_front();
                }
                Some(Out::Zeros(left)) => {
                    let take = (*left).min((CHUNK - chunk.len()) as u64);
                    chunk.extend_from_slice(ZEROS.get(..take as usize).unwrap_or_default());
                    *left -= take;
                    if *left == 0 {
                        self.out.pop_front();
                    }
                }
            }
        }
        self.queued = self.queued.saturating_sub(chunk.len() as u64);
        chunk
    }
}

/// [`Taking`] with what it looks things up in.
struct Sink<'a> {
    taking: &'a mut Taking,
    files: &'a [FileAt],
    names: &'a [u8],
    merged: &'a MergedTree,
    layer: &'a Layer,
}

impl TarSink for Sink<'_> {
    fn entry(&mut self, entry: &Entry) {
        let number = self.taking.number;
        self.taking.number += 1;
        self.taking.open = None;
        let Some((_, name, id)) = self.files.get(self.taking.next).copied().filter(|(at, ..)| *at == number) else {
            return;
        };
        self.taking.next += 1;
        let attributes = &self.merged.tree.node(id).attributes;
        let xattrs = self.layer.index.get(number as usize).map(|member| member.xattrs).unwrap_or_default();
        match member(path_of(self.names, name), attributes, MemberKind::File(entry.size), xattrs).header() {
            Ok(header) => {
                self.taking.bytes(header);
                self.taking.open = Some((entry.size, padding(entry.size)));
            }
            Err(error) => self.taking.failure = Some(error),
        }
    }

    fn data(&mut self, bytes: &[u8]) {
        if let Some((left, _)) = &mut self.taking.open {
            let take = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= take as u64;
            self.taking.bytes(bytes.get(..take).unwrap_or_default().to_vec());
        }
    }

    fn hole(&mut self, length: u64) {
        if let Some((left, _)) = &mut self.taking.open {
            let take = length.min(*left);
            *left -= take;
            self.taking.zeros(take);
        }
    }

    fn end(&mut self) {
        if let Some((left, padding)) = self.taking.open.take() {
            self.taking.zeros(left + padding as u64);
        }
    }
}

#[derive(Clone, Copy)]
enum At {
    Layer(usize),
    Tail(usize),
    Done,
}

/// The running export. Call [`Export::next`] until it gives nothing.
pub struct Export {
    image: Rc<Image>,
    manifest: usize,
    merged: Rc<MergedTree>,
    names: Vec<u8>,
    files: Vec<Vec<FileAt>>,
    /// What comes behind the files: a name, what it names, and for a further name the first one.
    tail: Vec<(NameAt, NodeId, Option<NameAt>)>,
    at: At,
    pass: Option<LayerPass>,
    taking: Taking,
    made: u64,
    total: u64,
}

fn path_of(names: &[u8], (start, length): NameAt) -> &[u8] {
    names.get(start..start.saturating_add(length)).unwrap_or_default()
}

fn member(path: &[u8], of: &Attributes, kind: MemberKind, xattrs: &[(Vec<u8>, Vec<u8>)]) -> Member {
    let id = |number: i64| u64::try_from(number).unwrap_or(NOBODY);
    let Timestamp { seconds, nanos } = of.mtime;
    Member {
        path: path.to_vec(),
        kind,
        mode: of.mode,
        uid: id(of.uid),
        gid: id(of.gid),
        mtime: Time { seconds, nanos },
        xattrs: xattrs.iter().cloned().collect::<BTreeMap<_, _>>(),
    }
}

impl Image {
    /// The merged filesystem of an image as a tar.
    ///
    /// # Errors
    /// [`FileError`]: a layer that is absent, encrypted or damaged, a path longer than [`super::Limits::path`], or more content
    /// than [`crate::layer::LayerLimits`]
    /// lets a layer unpack to (`EXPORT_TOO_LARGE`).
    pub async fn export(self: &Rc<Self>, manifest: usize, watch: &dyn Watch) -> Result<Export, FileError> {
        let merged = self.merged(manifest, watch).await?;
        for (number, layer) in merged.layers.iter().enumerate() {
            let reference = self.layer_ref(manifest, number)?;
            let name = reference.name().to_owned();
            match layer {
                None if reference.encrypted() => {
                    return Err(FileError::LayerUnavailable { layer: name, why: "is encrypted" });
                }
                None => return Err(FileError::LayerUnavailable { layer: name, why: "is not in the archive" }),
                Some(layer) => {
                    if let Some(error) = layer.error() {
                        return Err(FileError::Damaged { layer: name, error: error.clone() });
                    }
                }
            }
        }
        let mut export = Export {
            image: self.clone(),
            manifest,
            names: Vec::new(),
            files: vec![Vec::new(); merged.layers.len()],
            tail: Vec::new(),
            at: At::Layer(0),
            pass: None,
            taking: Taking::default(),
            made: 0,
            total: 0,
            merged: merged.clone(),
        };
        let mut first: Vec<Option<NameAt>> = vec![None; merged.tree.nodes()];
        let mut directories: Vec<(NameAt, NodeId)> = Vec::new();
        // The directories on the way to the current name.
        let mut way: Vec<(NameAt, usize)> = Vec::new();
        let mut specials: Vec<(usize, NameAt, NodeId)> = Vec::new();
        let longest = self.limits.path;
        let mut too_long = false;
        merged.tree.visit(&mut |path, name, node| {
            if path.len() > longest {
                too_long = true;
                return;
            }
            let at = (export.names.len(), path.len());
            export.names.extend_from_slice(path);
            let inside = |(start, length): NameAt| {
                let directory = export.names.get(start..start + length).unwrap_or_default();
                path.strip_prefix(directory).is_some_and(|rest| rest.first() == Some(&b'/'))
            };
            while way.last().is_some_and(|(directory, _)| !inside(*directory)) {
                way.pop();
            }
            match node.attributes.kind {
                EntryKind::Dir => {
                    directories.push((at, name.node));
                    way.push((at, directories.len()));
                }
                EntryKind::File => {
                    let Some(known) = first.get_mut(name.node.number()) else { return };
                    if let Some(target) = known {
                        export.tail.push((at, name.node, Some(*target)));
                        return;
                    }
                    *known = Some(at);
                    export.total = export.total.saturating_add(node.attributes.size);
                    if let Some(files) = export.files.get_mut(node.source.layer as usize) {
                        files.push((node.source.entry, at, name.node));
                    }
                }
                _ => specials.push((way.last().map_or(0, |(_, number)| *number), at, name.node)),
            }
        });
        if too_long {
            return Err(FileError::PathTooLong { limit: longest });
        }
        // Those of one directory together, in the order in which the directories are written.
        specials.sort_by_key(|(directory, ..)| std::cmp::Reverse(*directory));
        let mut specials = specials.into_iter().peekable();
        for number in (0..=directories.len()).rev() {
            if let Some((at, id)) = number.checked_sub(1).and_then(|at| directories.get(at)) {
                export.tail.push((*at, *id, None));
            }
            while let Some((_, at, id)) = specials.next_if(|(directory, ..)| *directory == number) {
                let known = first.get_mut(id.number());
                let target = known.as_ref().and_then(|known| **known);
                if let Some(known) = known.filter(|known| known.is_none()) {
                    *known = Some(at);
                }
                export.tail.push((at, id, target));
            }
        }
        let limit = self.limits.layer.unpacked;
        if export.total > limit {
            return Err(FileError::ExportTooLarge { size: export.total, limit });
        }
        for files in &mut export.files {
            files.sort_unstable_by_key(|(entry, ..)| *entry);
        }
        Ok(export)
    }
}

impl Export {
    /// Bytes of files that it will hold; headers come on top.
    pub fn content(&self) -> u64 {
        self.total
    }

    /// The next bytes of the tar; nothing at its end.
    ///
    /// # Errors
    /// [`FileError`]: the source cannot be read, or does not hold any more what it held.
    pub async fn next(&mut self, watch: &dyn Watch) -> Result<Option<Vec<u8>>, FileError> {
        while self.taking.queued < CHUNK as u64 && !matches!(self.at, At::Done) {
            self.advance(watch).await?;
            if let Some(error) = self.taking.failure.take() {
                return Err(FileError::Write(error));
            }
        }
        let chunk = self.taking.take();
        self.made += chunk.len() as u64;
        Ok(Some(chunk).filter(|chunk| !chunk.is_empty()))
    }

    async fn advance(&mut self, watch: &dyn Watch) -> Result<(), FileError> {
        match self.at {
            At::Layer(number) => {
                let Some(files) = self.files.get(number) else {
                    self.at = At::Tail(0);
                    return Ok(());
                };
                let layer = self.merged.layers.get(number).and_then(Option::as_ref);
                // What is open is not at its end yet.
                let complete = self.taking.next >= files.len() && self.taking.open.is_none();
                let Some(layer) = layer.filter(|_| !complete) else {
                    self.pass = None;
                    self.taking.next = 0;
                    self.taking.number = 0;
                    self.at = At::Layer(number + 1);
                    return Ok(());
                };
                if self.pass.is_none() {
                    self.pass = Some(LayerPass::new(&self.image, self.manifest, number, layer.compression)?);
                }
                let Some(pass) = &mut self.pass else { return Ok(()) };
                let mut sink =
                    Sink { taking: &mut self.taking, files, names: &self.names, merged: &self.merged, layer };
                if !pass.next(&self.image, &mut sink).await? {
                    let changed = "the layer ends before the files that it had".to_owned();
                    return Err(super::ReadError(changed).into());
                }
                let step = Step { phase: "export", done: self.made, total: None, item: Some(pass.name()) };
                watch.step(step).await;
            }
            At::Tail(at) => match self.tail.get(at).copied() {
                Some((name, id, target)) => {
                    let of = &self.merged.tree.node(id).attributes;
                    let device = |number: i64| u32::try_from(number).ok().filter(|n| *n <= DEVICE).unwrap_or(0);
                    let (major, minor) = (device(of.device.0), device(of.device.1));
                    let kind = match (target, of.kind) {
                        (Some(target), _) => MemberKind::HardLink(path_of(&self.names, target).to_vec()),
                        (None, EntryKind::Dir) => MemberKind::Dir,
                        (None, EntryKind::Char) => MemberKind::Char(major, minor),
                        (None, EntryKind::Block) => MemberKind::Block(major, minor),
                        (None, EntryKind::Fifo) => MemberKind::Fifo,
                        _ => MemberKind::Symlink(of.link.to_vec()),
                    };
                    self.write(name, id, kind)?;
                    self.at = At::Tail(at + 1);
                }
                None => {
                    self.taking.bytes(END.to_vec());
                    self.at = At::Done;
                }
            },
            At::Done => {}
        }
        Ok(())
    }

    /// A member without content.
    fn write(&mut self, name: NameAt, id: NodeId, kind: MemberKind) -> Result<(), FileError> {
        let node = self.merged.tree.node(id);
        let layer = self.merged.layers.get(node.source.layer as usize).and_then(Option::as_ref);
        let given = layer.filter(|_| !node.implicit).and_then(|layer| layer.index.get(node.source.entry as usize));
        // Further names have the attributes of the first.
        let linked = matches!(kind, MemberKind::HardLink(_));
        let xattrs = given.filter(|_| !linked).map(|member| member.xattrs).unwrap_or_default();
        let made = member(path_of(&self.names, name), &node.attributes, kind, xattrs);
        self.taking.bytes(made.header().map_err(FileError::Write)?);
        Ok(())
    }
}
