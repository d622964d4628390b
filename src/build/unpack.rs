//! `ADD` of a local archive: recognized by its content, unpacked as moby unpacks it.
//!
//! - `..` and a leading slash in a member's name do not leave the destination. A link on the way may be followed inside
//!   the destination; one that leads out of it is an error.
//! - Members keep their modes and owners (`--chown` gives them another owner, `--chmod` does not touch them). Directories
//!   that no member names are 0755 and root's.
//! - A directory over a directory gives it its mode and owner; anything else replaces what is there. `.` changes nothing.
//! - A hard link's own header rules: its mode and owner become those of the file.
//! - Names that begin with `.wh.` are files here. (In the layer that is made they are whiteouts, as with BuildKit.)

use std::collections::HashMap;
use std::rc::Rc;

use super::tree::{Content, Kind, MAX_DEPTH, Meta, Node, Path, Tree, TreeError, clean, show};
use crate::archive::decode::{DecodeError, DecodeLimits, Decoder, sniff};
use crate::archive::tar::{Entry, EntryKind, TarError, TarLimits, TarReader, TarSink};

/// Bounds of an archive that `ADD` unpacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnpackLimits {
    /// Bytes of all files together. Default 1 GiB: they are held in memory.
    pub bytes: u64,
    /// Members. Default one million.
    pub entries: u64,
}

impl Default for UnpackLimits {
    fn default() -> Self {
        Self { bytes: 1 << 30, entries: 1_000_000 }
    }
}

/// Why an archive cannot be unpacked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnpackError {
    /// It cannot be decompressed.
    #[error("the archive is damaged: {0}")]
    Decode(#[from] DecodeError),
    /// It is no valid tar.
    #[error("the archive is damaged: {0}")]
    Tar(#[from] TarError),
    /// A member's name goes through something it cannot go through.
    #[error("the archive's member `{member}`: {source}")]
    Path {
        /// The name as written.
        member: String,
        /// What is in the way.
        source: TreeError,
    },
    /// A member's name goes through a link that leads out of the destination.
    #[error(
        "the archive's member `{0}` goes through a link that leads out of the destination; nothing is unpacked there"
    )]
    Outside(String),
    /// A hard link to a file that is not there.
    #[error("the archive's member `{member}` is a hard link to `{target}`, which does not exist or is a directory")]
    Link {
        /// The name as written.
        member: String,
        /// The target as written.
        target: String,
    },
    /// A member of a kind that no file system has.
    #[error("the archive's member `{0}` is of an unknown kind")]
    Kind(String),
    /// There is more in it than the limit allows.
    #[error("the archive unpacks to more than {limit} bytes; unpack it beforehand and COPY what is needed")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
}

/// Unpacks an archive that is pushed in pieces.
pub struct Unpacker {
    decoder: Option<Decoder>,
    head: Vec<u8>,
    reader: TarReader,
    target: Target,
}

/// What came of it.
pub enum Unpacked {
    /// The tree with the archive's members.
    Tree(Tree),
    /// It is no archive: the file itself is to be copied.
    NotAnArchive,
}

impl Unpacker {
    /// Unpacks below `destination`, a resolved path of `tree`, which is made where it does not exist.
    pub fn new(
        mut tree: Tree,
        destination: Path,
        made: &Meta,
        owner: Option<(u64, u64)>,
        limits: UnpackLimits,
    ) -> Result<Self, TreeError> {
        tree.make_dirs(&destination, made)?;
        let implied = Meta { mode: 0o755, uid: 0, gid: 0, mtime: made.mtime, ..Meta::default() };
        let target = Target {
            tree,
            destination,
            implied,
            owner,
            limit: limits.bytes,
            left: limits.bytes,
            names: HashMap::new(),
            current: None,
            seen: 0,
            error: None,
        };
        let reader = TarReader::new(TarLimits { entries: limits.entries, ..TarLimits::default() });
        Ok(Self { decoder: None, head: Vec::new(), reader, target })
    }

    /// Takes in more of the archive. `false`: nothing more is wanted, it has ended or it is none.
    pub fn push(&mut self, bytes: &[u8]) -> Result<bool, UnpackError> {
        const MAGIC: usize = 6;
        if self.decoder.is_none() {
            self.head.extend_from_slice(bytes);
            if self.head.len() < MAGIC {
                return Ok(true);
            }
            let head = std::mem::take(&mut self.head);
            return self.start(&head);
        }
        self.feed(bytes)
    }

    fn start(&mut self, head: &[u8]) -> Result<bool, UnpackError> {
        match Decoder::new(sniff(head), DecodeLimits::default()) {
            Some(decoder) => self.decoder = Some(decoder),
            None => return Ok(false),
        }
        self.feed(head)
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<bool, UnpackError> {
        let Self { decoder: Some(decoder), reader, target, .. } = self else { return Ok(false) };
        let result = decoder.push(bytes, &mut |bytes| tar(reader, target, bytes));
        self.settle(result)
    }

    /// What goes wrong before the first member means that this is no archive.
    fn settle(&mut self, result: Result<(), UnpackError>) -> Result<bool, UnpackError> {
        match result {
            Ok(()) => Ok(!self.reader.ended()),
            // Go's reader stops at the end mark and never looks at what follows.
            Err(_) if self.reader.ended() => Ok(false),
            Err(_) if self.target.seen == 0 => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The archive ends here.
    pub fn finish(mut self) -> Result<Unpacked, UnpackError> {
        if self.decoder.is_none() {
            let head = std::mem::take(&mut self.head);
            self.start(&head)?;
        }
        if !self.reader.ended()
            && let Self { decoder: Some(decoder), reader, target, .. } = &mut self
        {
            let mut result = decoder.finish(&mut |bytes| tar(reader, target, bytes));
            if result.is_ok() {
                result = reader.finish().map_err(UnpackError::from);
            }
            self.settle(result)?;
        }
        if self.target.seen == 0 {
            return Ok(Unpacked::NotAnArchive);
        }
        Ok(Unpacked::Tree(self.target.tree))
    }
}

fn tar(reader: &mut TarReader, target: &mut Target, bytes: &[u8]) -> Result<(), UnpackError> {
    let result = reader.push(bytes, target);
    if let Some(error) = target.error.take() {
        return Err(error);
    }
    Ok(result?)
}

struct Target {
    tree: Tree,
    destination: Path,
    implied: Meta,
    owner: Option<(u64, u64)>,
    limit: u64,
    left: u64,
    /// All names of the files that this archive made or linked.
    names: HashMap<*const Node, Vec<Path>>,
    /// The file whose bytes are coming.
    current: Option<(Path, Meta, Vec<u8>)>,
    seen: u64,
    error: Option<UnpackError>,
}

impl TarSink for Target {
    fn entry(&mut self, entry: &Entry) {
        if self.error.is_none() {
            self.error = self.member(entry).err();
        }
    }

    fn data(&mut self, bytes: &[u8]) {
        if let Some((_, _, body)) = &mut self.current
            && self.error.is_none()
        {
            match self.left.checked_sub(bytes.len() as u64) {
                Some(left) => {
                    self.left = left;
                    body.extend_from_slice(bytes);
                }
                None => self.error = Some(UnpackError::TooLarge { limit: self.limit }),
            }
        }
    }

    fn hole(&mut self, length: u64) {
        if let Some((_, _, body)) = &mut self.current
            && self.error.is_none()
        {
            match (self.left.checked_sub(length), usize::try_from(length)) {
                (Some(left), Ok(length)) => {
                    self.left = left;
                    body.resize(body.len().saturating_add(length), 0);
                }
                _ => self.error = Some(UnpackError::TooLarge { limit: self.limit }),
            }
        }
    }

    fn end(&mut self) {
        if let Some((path, meta, body)) = self.current.take()
            && self.error.is_none()
        {
            let node = Rc::new(Node { meta, kind: Kind::File(Content::bytes(body)) });
            self.names.insert(Rc::as_ptr(&node), vec![path.clone()]);
            if let Err(source) = self.tree.put(&path, node) {
                self.error = Some(UnpackError::Path { member: show(&path), source });
            }
        }
    }
}

impl Target {
    fn member(&mut self, entry: &Entry) -> Result<(), UnpackError> {
        if entry.flag == b'g' {
            return Ok(());
        }
        self.seen += 1;
        let member = || String::from_utf8_lossy(&entry.path).into_owned();
        let wrong = |source| UnpackError::Path { member: member(), source };
        let names = clean(&entry.path);
        if names.len() > MAX_DEPTH {
            return Err(wrong(TreeError::TooDeep(show(names.get(..4).unwrap_or_default()))));
        }
        let path = self.place(&names).map_err(|error| error.map_or_else(|| UnpackError::Outside(member()), wrong))?;
        if let Some(parent) = path.get(..path.len().saturating_sub(1)) {
            self.tree.make_dirs(parent, &self.implied).map_err(wrong)?;
        }
        let mut meta = Meta::from(entry);
        (meta.uid, meta.gid) = self.owner.unwrap_or((meta.uid, meta.gid));
        let existing = self.tree.get(&path).cloned();
        if names.is_empty() && existing.as_ref().is_some_and(|node| node.is_dir()) {
            return Ok(());
        }
        let kind = match entry.kind {
            EntryKind::Dir => {
                let node = match existing.filter(|node| node.is_dir()) {
                    Some(node) => Node { meta, kind: node.kind.clone() },
                    None => Node::dir(meta),
                };
                return self.tree.put(&path, Rc::new(node)).map_err(wrong);
            }
            EntryKind::File => {
                // What was there is gone from now on, so that a link to it later fails as it does for moby.
                self.tree.remove(&path);
                let capacity = usize::try_from(entry.size.min(self.left)).unwrap_or(0).min(1 << 20);
                self.current = Some((path, meta, Vec::with_capacity(capacity)));
                return Ok(());
            }
            EntryKind::Hardlink => return self.link(entry, path, meta),
            _ => Kind::special(entry).ok_or_else(|| UnpackError::Kind(member()))?,
        };
        self.tree.put(&path, Rc::new(Node { meta, kind })).map_err(wrong)
    }

    /// Where a member belongs: below the destination, links before the last name followed as long as they stay there.
    /// `Err(None)`: one leads out.
    fn place(&self, names: &[Box<[u8]>]) -> Result<Path, Option<TreeError>> {
        let base = self.destination.len();
        let mut path = self.destination.clone();
        let Some((last, parents)) = names.split_last() else { return Ok(path) };
        let mut rest: Path = parents.iter().rev().cloned().collect();
        let mut links = 0;
        while let Some(name) = rest.pop() {
            if name.as_ref() == b".." {
                if path.len() <= base {
                    return Err(None);
                }
                path.pop();
                continue;
            }
            path.push(name);
            if let Some(Kind::Symlink(target)) = self.tree.get(&path).map(|node| &node.kind) {
                links += 1;
                if links > 255 {
                    return Err(Some(TreeError::TooManyLinks(show(&path))));
                }
                if target.first() == Some(&b'/') {
                    return Err(None);
                }
                path.pop();
                let parts = target.split(|byte| *byte == b'/').rev();
                rest.extend(parts.filter(|part| !matches!(*part, b"" | b".")).map(Box::from));
            }
        }
        path.push(last.clone());
        Ok(path)
    }

    fn link(&mut self, entry: &Entry, path: Path, meta: Meta) -> Result<(), UnpackError> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let missing = || UnpackError::Link { member: text(&entry.path), target: text(&entry.link) };
        let source = self.place(&clean(&entry.link)).map_err(|_| missing())?;
        if source == path {
            return Err(missing());
        }
        let node = self.tree.get(&source).filter(|node| !node.is_dir()).cloned().ok_or_else(missing)?;
        let wrong = |source| UnpackError::Path { member: text(&entry.path), source };
        let mut names = match self.names.remove(&Rc::as_ptr(&node)) {
            Some(names) => names,
            // A file that was there before, possibly under several names.
            None if Rc::strong_count(&node) > 2 => every_name(&self.tree, &node),
            None => Vec::new(),
        };
        // Names may have been taken by something else since.
        names.retain(|name| self.tree.get(name).is_some_and(|there| Rc::ptr_eq(there, &node)));
        if !names.contains(&source) {
            names.push(source);
        }
        names.push(path);
        let meta = match node.kind {
            Kind::Symlink(_) => Meta { mode: node.meta.mode, ..meta },
            _ => meta,
        };
        let fresh = Rc::new(Node { meta, kind: node.kind.clone() });
        for name in &names {
            self.tree.put(name, fresh.clone()).map_err(wrong)?;
        }
        self.names.insert(Rc::as_ptr(&fresh), names);
        Ok(())
    }
}

fn every_name(tree: &Tree, wanted: &Rc<Node>) -> Vec<Path> {
    let mut found = Vec::new();
    let mut waiting: Vec<(Path, &Rc<Node>)> = vec![(Path::new(), &tree.root)];
    while let Some((path, node)) = waiting.pop() {
        if Rc::ptr_eq(node, wanted) {
            found.push(path);
        } else if let Some(entries) = node.entries() {
            waiting.extend(entries.iter().map(|(name, node)| {
                let mut path = path.clone();
                path.push(name.clone());
                (path, node)
            }));
        }
    }
    found
}
