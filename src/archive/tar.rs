//! A tar reader that sees what a container runtime sees.
//!
//! containerd, moby, podman, umoci and crane read layers with Go's `archive/tar`, so its behaviour is the measure: which
//! header wins, what is an error, where an archive ends. Wherever readers in use are known to disagree about an entry, the
//! reader goes on as Go does and marks the entry with an [`Ambiguity`].

use std::collections::{HashMap, HashSet};

use super::numbers::{cstring, parse_decimal, parse_numeric, parse_octal, parse_time};

/// One of tar's 512-byte blocks.
pub const BLOCK: usize = 512;

/// What an entry is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A regular file (type flags `0`, NUL, `7`, and `S` for old GNU sparse files).
    #[default]
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// Another name for an entry of this or a lower layer.
    Hardlink,
    /// A character device.
    Char,
    /// A block device.
    Block,
    /// A named pipe.
    Fifo,
    /// A type flag that is none of these. Go gives such entries a body.
    Unknown,
}

impl EntryKind {
    /// The kind that a type flag stands for.
    pub fn of(flag: u8) -> Self {
        match flag {
            b'0' | 0 | b'7' | b'S' => Self::File,
            b'1' => Self::Hardlink,
            b'2' => Self::Symlink,
            b'3' => Self::Char,
            b'4' => Self::Block,
            b'5' => Self::Dir,
            b'6' => Self::Fifo,
            _ => Self::Unknown,
        }
    }

    /// The name used in listings: `file`, `dir`, `symlink`, `hardlink`, `char`, `block`, `fifo`, `unknown`.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Dir => "dir",
            Self::Symlink => "symlink",
            Self::Hardlink => "hardlink",
            Self::Char => "char",
            Self::Block => "block",
            Self::Fifo => "fifo",
            Self::Unknown => "unknown",
        }
    }
}

/// A moment as tar stores it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    pub seconds: i64,
    /// Nanoseconds above `seconds`.
    pub nanos: u32,
}

/// A piece of a sparse file that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it lies in the file.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
}

macro_rules! flags {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $flag:ident = $bit:literal, $code:literal;)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name(u32);

        impl $name {
            $($(#[$inner])* pub const $flag: Self = Self(1 << $bit);)*

            /// No mark at all.
            pub fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// All marks of `other` are set.
            pub fn has(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Sets the marks of `other`.
            pub fn add(&mut self, other: Self) {
                self.0 |= other.0;
            }

            /// The marks as bits, for compact storage.
            pub fn bits(self) -> u32 {
                self.0
            }

            /// The marks that these bits stand for.
            pub fn from_bits(bits: u32) -> Self {
                Self(bits)
            }

            /// The codes of the marks that are set.
            pub fn codes(self) -> impl Iterator<Item = &'static str> {
                [$((Self::$flag, $code)),*].into_iter().filter(move |(flag, _)| self.has(*flag)).map(|(_, code)| code)
            }
        }
    };
}

flags! {
    /// What readers in use are known to disagree about in an entry.
    Ambiguity {
        /// A PAX size differs from the header's: readers that ignore PAX go out of step.
        PAX_SIZE = 0, "TAR_PAX_SIZE_DIFFERS";
        /// A link, directory, device or pipe has a size: Go reads no body, others skip one.
        HEADER_ONLY_SIZE = 1, "TAR_SIZE_WITHOUT_BODY";
        /// Two extended headers in a row: Go keeps the last, others merge them.
        TWO_PAX_HEADERS = 2, "TAR_TWO_PAX_HEADERS";
        /// A PAX record stands twice in one header.
        DUPLICATE_RECORD = 3, "TAR_DUPLICATE_PAX_RECORD";
        /// A PAX and a GNU long name for one entry.
        PAX_AND_GNU_NAME = 4, "TAR_PAX_AND_GNU_NAME";
        /// An extended header stands before a GNU long name or link: it is for the file behind it.
        PAX_BEFORE_LONG_NAME = 5, "TAR_PAX_BEFORE_LONG_NAME";
        /// Two GNU long names or two long links in a row.
        TWO_LONG_NAMES = 6, "TAR_TWO_LONG_NAMES";
        /// The checksum is summed over signed bytes.
        SIGNED_CHECKSUM = 7, "TAR_SIGNED_CHECKSUM";
        /// A name prefix under GNU magic, where times belong.
        PREFIX_IN_GNU = 8, "TAR_PREFIX_IN_GNU_HEADER";
        /// Bytes where a prefix would be, in a header without magic.
        PREFIX_WITHOUT_MAGIC = 9, "TAR_PREFIX_WITHOUT_MAGIC";
        /// A type flag that is no POSIX type of file.
        UNKNOWN_TYPE = 10, "TAR_UNKNOWN_TYPE";
        /// A regular file whose name ends in a slash.
        FILE_WITH_SLASH = 11, "TAR_FILE_NAMED_AS_DIRECTORY";
        /// The length of a PAX record has leading zeros or a sign.
        RECORD_LENGTH = 12, "TAR_ODD_PAX_LENGTH";
        /// A uid or gid below 0 or above 2^31-1: 32-bit code sees another user.
        ID_RANGE = 13, "TAR_ID_OUT_OF_RANGE";
        /// A sparse file.
        SPARSE = 15, "TAR_SPARSE";
        /// A global header between an extended header and its entry: Go drops the extended header.
        GLOBAL_DROPS_PAX = 16, "TAR_GLOBAL_HEADER_BETWEEN";
        /// One attribute in two spellings with two values.
        XATTR_DISAGREES = 17, "TAR_XATTR_DISAGREES";
    }
}

flags! {
    /// What is odd about an archive as a whole.
    ArchiveIssue {
        /// The archive ends without a zero block.
        NO_END_MARKER = 0, "TAR_NO_END_MARKER";
        /// The archive ends with one zero block where two are due.
        ONE_ZERO_BLOCK = 1, "TAR_ONE_ZERO_BLOCK";
        /// Something other than zeros follows the end marker.
        TRAILING_DATA = 2, "TAR_TRAILING_DATA";
        /// The archive ends after a header that describes the next entry.
        DANGLING_HEADER = 3, "TAR_DANGLING_HEADER";
        /// The archive ends inside the padding of its last entry.
        TRUNCATED_PADDING = 4, "TAR_TRUNCATED_PADDING";
        /// A global header would change names, sizes or owners of what follows.
        GLOBAL_OVERRIDE = 5, "TAR_GLOBAL_HEADER_OVERRIDES";
    }
}

/// One entry. The reader keeps one and fills it anew, so that a walk over headers allocates nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// The name as written, after PAX and GNU long names.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// The type flag as Go reports it: NUL has become `0` or `5`.
    pub flag: u8,
    /// The mode field, whatever bits it has.
    pub mode: i64,
    /// The owner.
    pub uid: i64,
    /// The group.
    pub gid: i64,
    /// The logical size in bytes: sparse files expanded. As declared, for kinds without a body too.
    pub size: u64,
    /// When it was changed.
    pub mtime: Timestamp,
    /// The PAX `mtime` record as written, empty without one.
    pub mtime_text: Vec<u8>,
    /// The target of a link, as written.
    pub link: Vec<u8>,
    /// Major and minor number of a device.
    pub device: (i64, i64),
    /// The owner's name.
    pub uname: Vec<u8>,
    /// The group's name.
    pub gname: Vec<u8>,
    /// Extended attributes of `SCHILY.xattr.` and `LIBARCHIVE.xattr.` records, empty values left out.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Where its (last) header stands in the archive, in bytes.
    pub header_offset: u64,
    /// Where its stored data begin, in bytes.
    pub data_offset: u64,
    /// How many bytes of it are stored.
    pub stored: u64,
    /// The stored pieces of a sparse file.
    pub sparse: Option<Vec<Segment>>,
    /// What readers disagree about.
    pub ambiguity: Ambiguity,
    /// The largest metadata record or body in front of it, in bytes.
    pub metadata: u32,
}

impl Entry {
    fn clear(&mut self) {
        let mut path = std::mem::take(&mut self.path);
        let mut link = std::mem::take(&mut self.link);
        let mut uname = std::mem::take(&mut self.uname);
        let mut gname = std::mem::take(&mut self.gname);
        path.clear();
        link.clear();
        uname.clear();
        gname.clear();
        *self = Self { path, link, uname, gname, ..Self::default() };
    }
}

/// Marks that every reader in use gets over in one way or another: no reason for a strict reader to stop.
const QUIET: [&str; 2] = ["TAR_SIGNED_CHECKSUM", "TAR_SPARSE"];

/// What is found goes here.
pub trait TarSink {
    /// An entry begins. Its data follow, if it has any.
    fn entry(&mut self, entry: &Entry);
    /// Some of the current entry's data, as stored.
    fn data(&mut self, bytes: &[u8]);
    /// The current entry has that many zero bytes here which are not stored.
    fn hole(&mut self, length: u64);
    /// The current entry is complete.
    fn end(&mut self);
}

/// Bounds of a tar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TarLimits {
    /// Bytes of one extended header, long name or sparse map. Default 1 MiB, as in Go.
    pub metadata: u64,
    /// Bytes of a path or a link target. Default 65,536; what is longer than 4,096 no Linux takes.
    pub path: usize,
    /// Entries. Default 10 million.
    pub entries: u64,
    /// What readers see differently is an error. Off by default: then it is a mark, and reading goes on as Go does.
    pub strict: bool,
}

impl Default for TarLimits {
    fn default() -> Self {
        Self { metadata: 1 << 20, path: 1 << 16, entries: 10_000_000, strict: false }
    }
}

/// Why a tar cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TarError {
    /// A header that Go refuses.
    #[error("invalid tar header at byte {offset}: {what}")]
    Header {
        /// Where, in bytes of the uncompressed archive.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The archive ends inside an entry.
    #[error("the tar is cut off at byte {offset}, {what}")]
    Truncated {
        /// Where it ends.
        offset: u64,
        /// Inside what.
        what: &'static str,
    },
    /// An extended header, long name or sparse map is longer than [`TarLimits::metadata`].
    #[error("tar metadata at byte {offset} is longer than {limit} bytes")]
    MetadataTooLong {
        /// Where, in bytes.
        offset: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A sparse map that does not fit the data that are stored.
    #[error("the sparse file at byte {offset} {what}")]
    Sparse {
        /// Where, in bytes.
        offset: u64,
        /// What does not fit.
        what: &'static str,
    },
    /// A path or link target is longer than [`TarLimits::path`].
    #[error("the name at byte {offset} has {length} bytes, more than the limit of {limit}")]
    PathTooLong {
        /// Where, in bytes.
        offset: u64,
        /// Its length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Readers in use see this differently, and [`TarLimits::strict`] is set.
    #[error("readers see the tar differently at byte {offset}: {code}")]
    Ambiguous {
        /// Where, in bytes.
        offset: u64,
        /// The code of the mark that it has otherwise.
        code: &'static str,
    },
    /// There are more entries than [`TarLimits::entries`].
    #[error("the tar has more than {limit} entries")]
    TooManyEntries {
        /// The limit.
        limit: u64,
    },
}

impl TarError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Header { .. } => "TAR_HEADER_INVALID",
            Self::Truncated { .. } => "TAR_TRUNCATED",
            Self::MetadataTooLong { .. } => "TAR_METADATA_TOO_LONG",
            Self::Sparse { .. } => "TAR_SPARSE_INVALID",
            Self::PathTooLong { .. } => "TAR_PATH_TOO_LONG",
            Self::Ambiguous { .. } => "TAR_AMBIGUOUS",
            Self::TooManyEntries { .. } => "TAR_TOO_MANY_ENTRIES",
        }
    }

    /// Where it happened, in bytes of the uncompressed archive.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Header { offset, .. }
            | Self::Truncated { offset, .. }
            | Self::MetadataTooLong { offset, .. }
            | Self::Sparse { offset, .. }
            | Self::Ambiguous { offset, .. }
            | Self::PathTooLong { offset, .. } => Some(*offset),
            Self::TooManyEntries { .. } => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    V7,
    Ustar,
    Star,
    Gnu,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Collecting a header block.
    Header,
    /// One zero block was read; collecting the next.
    SecondZero,
    /// Collecting the body of an `x`, `g`, `L` or `K` header.
    Metadata { flag: u8, left: u64 },
    /// Collecting extension blocks of an old GNU sparse header.
    OldSparse,
    /// Collecting blocks of a PAX 1.0 sparse map. `left` of the body are to come.
    NewSparse { left: u64 },
    /// Inside the data of an entry.
    Data { left: u64 },
    /// Inside the padding behind a body.
    Padding { left: u64 },
    /// Behind the end marker.
    End,
    /// An error was returned.
    Failed,
}

/// The PAX records that matter, in the order they were written.
type Records = Vec<(Vec<u8>, Vec<u8>)>;

/// The reader. Push bytes in pieces of any size; entries come out at the sink.
#[derive(Debug)]
pub struct TarReader {
    limits: TarLimits,
    state: State,
    /// Bytes of the archive taken so far.
    offset: u64,
    /// A block, a metadata body, or a sparse map that is not complete yet.
    buffer: Vec<u8>,
    entry: Entry,
    /// Padding behind the current body.
    padding: u64,
    records: Option<Records>,
    long_name: Vec<u8>,
    long_link: Vec<u8>,
    /// Marks for the next entry.
    pending: Ambiguity,
    pending_metadata: u32,
    /// An `x`, `L` or `K` waits for its entry.
    waiting: bool,
    entries: u64,
    issues: ArchiveIssue,
    trailing_at: Option<u64>,
    segments: Vec<Segment>,
    /// The next segment and the position in the current sparse file.
    sparse_next: usize,
    sparse_at: u64,
    segment_left: u64,
    failure: Option<TarError>,
}

impl Default for TarReader {
    fn default() -> Self {
        Self::new(TarLimits::default())
    }
}

impl TarReader {
    /// A reader at the start of an archive.
    pub fn new(limits: TarLimits) -> Self {
        Self {
            limits,
            state: State::Header,
            offset: 0,
            buffer: Vec::with_capacity(BLOCK),
            entry: Entry::default(),
            padding: 0,
            records: None,
            long_name: Vec::new(),
            long_link: Vec::new(),
            pending: Ambiguity::default(),
            pending_metadata: 0,
            waiting: false,
            entries: 0,
            issues: ArchiveIssue::default(),
            trailing_at: None,
            segments: Vec::new(),
            sparse_next: 0,
            sparse_at: 0,
            segment_left: 0,
            failure: None,
        }
    }

    /// What is odd about the archive as a whole, so far.
    pub fn issues(&self) -> ArchiveIssue {
        self.issues
    }

    /// Where the first byte other than zero behind the end marker stands.
    pub fn trailing_offset(&self) -> Option<u64> {
        self.trailing_at
    }

    /// Entries seen so far.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// The end marker has been read.
    pub fn ended(&self) -> bool {
        self.state == State::End
    }

    /// How many of the bytes that come next are a body whose content no one needs to see: with random access they can be
    /// skipped by [`TarReader::skip`].
    pub fn skippable(&self) -> u64 {
        match self.state {
            State::Data { left } => left,
            State::Padding { left } => left,
            _ => 0,
        }
    }

    /// Takes note that `length` bytes of the source, at most [`TarReader::skippable`], were not read. The sink does not
    /// see them.
    pub fn skip(&mut self, length: u64, sink: &mut impl TarSink) {
        let length = length.min(self.skippable());
        self.offset += length;
        match self.state {
            State::Data { left } => self.after_data(left - length, sink),
            State::Padding { left } => {
                self.state = if left == length { State::Header } else { State::Padding { left: left - length } };
            }
            _ => {}
        }
    }

    /// Takes more of the archive.
    ///
    /// # Errors
    /// [`TarError`], the same again for every later call. Entries given to the sink before stay valid.
    pub fn push(&mut self, mut bytes: &[u8], sink: &mut impl TarSink) -> Result<(), TarError> {
        while !bytes.is_empty() {
            match self.step(bytes, sink) {
                Ok(taken) => {
                    self.offset += taken as u64;
                    bytes = bytes.get(taken..).unwrap_or_default();
                }
                Err(error) => return Err(self.fail(error)),
            }
        }
        Ok(())
    }

    /// The archive ends here.
    ///
    /// # Errors
    /// [`TarError::Truncated`] where Go reports an unexpected end.
    pub fn finish(&mut self) -> Result<(), TarError> {
        let offset = self.offset;
        let cut = |what| Err(TarError::Truncated { offset, what });
        let result = match self.state {
            State::Failed => Err(self.failure.clone().unwrap_or(TarError::Header { offset, what: "an earlier error" })),
            State::Header if !self.buffer.is_empty() => cut("inside a header"),
            State::Header => {
                self.issues.add(ArchiveIssue::NO_END_MARKER);
                Ok(())
            }
            State::SecondZero if !self.buffer.is_empty() => cut("inside the end marker"),
            State::SecondZero => {
                self.issues.add(ArchiveIssue::ONE_ZERO_BLOCK);
                Ok(())
            }
            State::Metadata { left: 0, .. } | State::Data { left: 0 } => Ok(()),
            State::Metadata { .. } => cut("inside an extended header or long name"),
            State::OldSparse | State::NewSparse { .. } => cut("inside a sparse map"),
            State::Data { .. } => cut("inside the data of an entry"),
            State::Padding { .. } => {
                self.issues.add(ArchiveIssue::TRUNCATED_PADDING);
                self.issues.add(ArchiveIssue::NO_END_MARKER);
                Ok(())
            }
            State::End => Ok(()),
        };
        if self.waiting && result.is_ok() {
            self.issues.add(ArchiveIssue::DANGLING_HEADER);
        }
        let apart = [ArchiveIssue::TRAILING_DATA, ArchiveIssue::DANGLING_HEADER, ArchiveIssue::GLOBAL_OVERRIDE];
        let issue = apart.into_iter().find(|issue| self.limits.strict && self.issues.has(*issue));
        if let Some(code) = issue.and_then(|issue| issue.codes().next())
            && result.is_ok()
        {
            let offset = self.trailing_at.unwrap_or(offset);
            return Err(self.fail(TarError::Ambiguous { offset, code }));
        }
        result.map_err(|error| self.fail(error))
    }

    fn fail(&mut self, error: TarError) -> TarError {
        self.state = State::Failed;
        self.failure.get_or_insert(error).clone()
    }

    /// The body ends before its sparse map does: the place is the body's end, however the bytes came.
    fn map_cut(&self) -> TarError {
        let offset = self.entry.data_offset.saturating_add(self.entry.stored);
        TarError::Truncated { offset, what: "inside a sparse map" }
    }

    fn header_error(&self, what: &'static str) -> TarError {
        TarError::Header { offset: self.entry.header_offset, what }
    }

    /// Takes some bytes; returns how many.
    fn step(&mut self, bytes: &[u8], sink: &mut impl TarSink) -> Result<usize, TarError> {
        match self.state {
            State::Header => {
                if self.buffer.is_empty()
                    && let Some(block) = bytes.first_chunk::<BLOCK>()
                {
                    self.header(block, self.offset, sink)?;
                    return Ok(BLOCK);
                }
                let at = self.offset.saturating_sub(self.buffer.len() as u64);
                let (taken, block) = self.fill(bytes);
                if let Some(block) = block {
                    self.header(&block, at, sink)?;
                }
                Ok(taken)
            }
            State::SecondZero => {
                let at = self.offset.saturating_sub(self.buffer.len() as u64);
                let (taken, block) = self.fill(bytes);
                if let Some(block) = block {
                    if block != [0; BLOCK] {
                        return Err(TarError::Header {
                            offset: at,
                            what: "a block that is not zero behind a zero block",
                        });
                    }
                    self.state = State::End;
                }
                Ok(taken)
            }
            State::Metadata { flag, left } => {
                let take = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                self.buffer.extend_from_slice(bytes.get(..take).unwrap_or_default());
                let left = left - take as u64;
                self.state = State::Metadata { flag, left };
                if left == 0 {
                    self.metadata(flag)?;
                }
                Ok(take)
            }
            State::OldSparse => {
                let (taken, block) = self.fill(bytes);
                if let Some(block) = block {
                    self.old_sparse_extension(&block, sink)?;
                }
                Ok(taken)
            }
            State::NewSparse { left } => self.new_sparse(bytes, left, sink),
            State::Data { left } => {
                let take = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                let data = bytes.get(..take).unwrap_or_default();
                if self.entry.sparse.is_some() {
                    self.sparse_data(data, sink);
                } else {
                    sink.data(data);
                }
                self.after_data(left - take as u64, sink);
                Ok(take)
            }
            State::Padding { left } => {
                let take = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                let left = left - take as u64;
                self.state = if left == 0 { State::Header } else { State::Padding { left } };
                Ok(take)
            }
            State::End => {
                if self.trailing_at.is_none()
                    && let Some(at) = bytes.iter().position(|byte| *byte != 0)
                {
                    self.trailing_at = Some(self.offset + at as u64);
                    self.issues.add(ArchiveIssue::TRAILING_DATA);
                }
                Ok(bytes.len())
            }
            State::Failed => {
                Err(self.failure.clone().unwrap_or(TarError::Header { offset: self.offset, what: "an earlier error" }))
            }
        }
    }
}

impl TarReader {
    /// Adds to the block that is being collected. Returns how many bytes were taken, and the block once it is complete.
    fn fill(&mut self, bytes: &[u8]) -> (usize, Option<[u8; BLOCK]>) {
        let take = BLOCK.saturating_sub(self.buffer.len()).min(bytes.len());
        self.buffer.extend_from_slice(bytes.get(..take).unwrap_or_default());
        let block = self.buffer.first_chunk::<BLOCK>().copied();
        if block.is_some() {
            self.buffer.clear();
        }
        (take, block)
    }

    /// A header block that stands at `at`.
    fn header(&mut self, block: &[u8; BLOCK], at: u64, sink: &mut impl TarSink) -> Result<(), TarError> {
        if block[0] == 0 && block == &[0; BLOCK] {
            self.state = State::SecondZero;
            return Ok(());
        }
        let field = |start: usize, length: usize| block.get(start..start + length).unwrap_or_default();
        self.entry.clear();
        self.entry.header_offset = at;
        self.entry.data_offset = at + BLOCK as u64;

        let (format, signed) = format_of(block).ok_or_else(|| self.header_error("its checksum is wrong"))?;
        if signed {
            self.entry.ambiguity.add(Ambiguity::SIGNED_CHECKSUM);
        }
        let flag = block[156];
        let number =
            |start, length, what| parse_numeric(field(start, length)).ok_or(TarError::Header { offset: at, what });
        self.entry.path.extend_from_slice(cstring(field(0, 100)));
        self.entry.link.extend_from_slice(cstring(field(157, 100)));
        let size = number(124, 12, "its size is no number")?;
        self.entry.mode = number(100, 8, "its mode is no number")?;
        self.entry.uid = number(108, 8, "its uid is no number")?;
        self.entry.gid = number(116, 8, "its gid is no number")?;
        self.entry.mtime.seconds = number(136, 12, "its time is no number")?;
        if format == Format::V7 {
            if field(345, 155).iter().any(|byte| *byte != 0) {
                self.entry.ambiguity.add(Ambiguity::PREFIX_WITHOUT_MAGIC);
            }
        } else {
            self.entry.uname.extend_from_slice(cstring(field(265, 32)));
            self.entry.gname.extend_from_slice(cstring(field(297, 32)));
            let major = number(329, 8, "its device number is no number")?;
            let minor = number(337, 8, "its device number is no number")?;
            self.entry.device = (major, minor);
            let prefix = match format {
                Format::Ustar => cstring(field(345, 155)),
                Format::Star => {
                    number(476, 12, "its access time is no number")?;
                    number(488, 12, "its change time is no number")?;
                    cstring(field(345, 131))
                }
                // Old versions of Go wrote a prefix under GNU magic, where the times are. If the times are no numbers and
                // the field is ASCII, it is taken for a prefix.
                Format::Gnu => {
                    let time = |start| {
                        let field = field(start, 12);
                        field.first() == Some(&0) || parse_numeric(field).is_some()
                    };
                    let prefix = cstring(field(345, 155));
                    if time(345) && time(357) || !prefix.is_ascii() {
                        &[][..]
                    } else {
                        if !prefix.is_empty() {
                            self.entry.ambiguity.add(Ambiguity::PREFIX_IN_GNU);
                        }
                        prefix
                    }
                }
                Format::V7 => &[][..],
            };
            if !prefix.is_empty() {
                let mut path = prefix.to_vec();
                path.push(b'/');
                path.extend_from_slice(&self.entry.path);
                self.entry.path = path;
            }
        }
        let header_only = matches!(EntryKind::of(flag), kind if has_no_body(kind));
        if size < 0 && !header_only {
            return Err(self.header_error("its size is negative"));
        }
        let size_or_zero = u64::try_from(size).unwrap_or(0);
        match flag {
            b'x' | b'g' | b'L' | b'K' => self.begin_metadata(flag, size_or_zero),
            _ => self.file(block, flag, format, size, sink),
        }
    }

    /// An `x`, `g`, `L` or `K` header.
    fn begin_metadata(&mut self, flag: u8, size: u64) -> Result<(), TarError> {
        if size > self.limits.metadata {
            return Err(TarError::MetadataTooLong { offset: self.entry.header_offset, limit: self.limits.metadata });
        }
        self.pending_metadata = self.pending_metadata.max(u32::try_from(size).unwrap_or(u32::MAX));
        match flag {
            b'x' if self.records.is_some() => self.pending.add(Ambiguity::TWO_PAX_HEADERS),
            b'L' | b'K' if self.records.is_some() => self.pending.add(Ambiguity::PAX_BEFORE_LONG_NAME),
            b'L' if !self.long_name.is_empty() => self.pending.add(Ambiguity::TWO_LONG_NAMES),
            b'K' if !self.long_link.is_empty() => self.pending.add(Ambiguity::TWO_LONG_NAMES),
            b'g' if self.waiting => self.pending.add(Ambiguity::GLOBAL_DROPS_PAX),
            _ => {}
        }
        self.padding = padding(size);
        self.buffer.clear();
        if size == 0 {
            self.metadata(flag)
        } else {
            self.state = State::Metadata { flag, left: size };
            Ok(())
        }
    }

    /// The body of an `x`, `g`, `L` or `K` header is complete in the buffer.
    fn metadata(&mut self, flag: u8) -> Result<(), TarError> {
        let body = std::mem::take(&mut self.buffer);
        match flag {
            b'L' => self.long_name = cstring(&body).to_vec(),
            b'K' => self.long_link = cstring(&body).to_vec(),
            _ => {
                let mut marks = Ambiguity::default();
                let records = parse_records(&body, &mut marks).map_err(|what| self.header_error(what))?;
                if flag == b'g' {
                    // Go hands global headers to its caller and forgets what it had collected for the next entry.
                    self.records = None;
                    self.long_name.clear();
                    self.long_link.clear();
                    if records.iter().any(|(key, _)| overrides(key)) {
                        self.issues.add(ArchiveIssue::GLOBAL_OVERRIDE);
                    }
                } else {
                    self.records = Some(records);
                }
                self.pending.add(marks);
            }
        }
        self.waiting = flag != b'g';
        self.buffer = body;
        self.buffer.clear();
        self.pad();
        Ok(())
    }

    fn pad(&mut self) {
        self.state = if self.padding == 0 { State::Header } else { State::Padding { left: self.padding } };
        self.padding = 0;
    }

    /// A header of something other than metadata.
    fn file(
        &mut self,
        block: &[u8; BLOCK],
        flag: u8,
        format: Format,
        header_size: i64,
        sink: &mut impl TarSink,
    ) -> Result<(), TarError> {
        self.waiting = false;
        let records = self.records.take().unwrap_or_default();
        let mut size = header_size;
        self.merge(&records, &mut size)?;
        if !self.long_name.is_empty() {
            if records.iter().any(|(key, value)| key == b"path" && !value.is_empty()) {
                self.entry.ambiguity.add(Ambiguity::PAX_AND_GNU_NAME);
            }
            self.entry.path = std::mem::take(&mut self.long_name);
        }
        if !self.long_link.is_empty() {
            if records.iter().any(|(key, value)| key == b"linkpath" && !value.is_empty()) {
                self.entry.ambiguity.add(Ambiguity::PAX_AND_GNU_NAME);
            }
            self.entry.link = std::mem::take(&mut self.long_link);
        }
        let slash = self.entry.path.last() == Some(&b'/');
        let flag = match flag {
            0 if slash => b'5',
            0 => b'0',
            other => other,
        };
        self.entry.flag = flag;
        self.entry.kind = EntryKind::of(flag);
        let kind = self.entry.kind;
        if kind == EntryKind::File && slash {
            self.entry.ambiguity.add(Ambiguity::FILE_WITH_SLASH);
        }
        if kind == EntryKind::Unknown {
            self.entry.ambiguity.add(Ambiguity::UNKNOWN_TYPE);
        }
        let id = 0..=i64::from(i32::MAX);
        if !id.contains(&self.entry.uid) || !id.contains(&self.entry.gid) {
            self.entry.ambiguity.add(Ambiguity::ID_RANGE);
        }
        if !matches!(kind, EntryKind::Char | EntryKind::Block) {
            self.entry.device = (0, 0);
        }
        self.entry.metadata = std::mem::take(&mut self.pending_metadata);
        self.entry.ambiguity.add(std::mem::take(&mut self.pending));

        let bodiless = has_no_body(kind);
        if bodiless {
            if size != 0 || header_size != 0 {
                self.entry.ambiguity.add(Ambiguity::HEADER_ONLY_SIZE);
            }
        } else if size < 0 {
            return Err(self.header_error("its size is negative"));
        }
        let body = if bodiless { 0 } else { u64::try_from(size).unwrap_or(0) };
        self.padding = padding(body);
        self.entry.stored = body;
        self.entry.size = u64::try_from(size).unwrap_or(0);
        self.segments.clear();

        if flag == b'S' {
            if format != Format::Gnu {
                return Err(self.header_error("an old sparse file without GNU magic"));
            }
            let real = parse_numeric(block.get(483..495).unwrap_or_default())
                .ok_or_else(|| self.header_error("the real size of its sparse file is no number"))?;
            self.set_logical(real)?;
            self.old_sparse_entries(block.get(386..482).unwrap_or_default())?;
            if block[482] != 0 {
                self.buffer.clear();
                self.state = State::OldSparse;
                return Ok(());
            }
            return self.begin_sparse(sink);
        }
        self.pax_sparse(&records, bodiless, sink)
    }

    /// Takes PAX records over into the entry.
    fn merge(&mut self, records: &Records, size: &mut i64) -> Result<(), TarError> {
        let header_size = *size;
        for (key, value) in records {
            // An empty value means: as if there were no record.
            if value.is_empty() {
                continue;
            }
            let bad = |what| TarError::Header { offset: self.entry.header_offset, what };
            match key.as_slice() {
                b"path" => self.entry.path.clone_from(value),
                b"linkpath" => self.entry.link.clone_from(value),
                b"uname" => self.entry.uname.clone_from(value),
                b"gname" => self.entry.gname.clone_from(value),
                b"uid" => self.entry.uid = parse_decimal(value).ok_or_else(|| bad("the PAX uid is no number"))?,
                b"gid" => self.entry.gid = parse_decimal(value).ok_or_else(|| bad("the PAX gid is no number"))?,
                b"size" => *size = parse_decimal(value).ok_or_else(|| bad("the PAX size is no number"))?,
                b"atime" | b"ctime" => {
                    parse_time(value).ok_or_else(|| bad("a PAX time is no number"))?;
                }
                b"mtime" => {
                    let (seconds, nanos) = parse_time(value).ok_or_else(|| bad("the PAX mtime is no number"))?;
                    self.entry.mtime = Timestamp { seconds, nanos };
                    self.entry.mtime_text.clone_from(value);
                }
                _ => self.extended_attribute(key, value),
            }
        }
        self.unite_attributes(records);
        if *size != header_size {
            self.entry.ambiguity.add(Ambiguity::PAX_SIZE);
        }
        Ok(())
    }

    fn extended_attribute(&mut self, key: &[u8], value: &[u8]) {
        let (name, value) = if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
            (name.to_vec(), value.to_vec())
        } else if let Some(name) = key.strip_prefix(b"LIBARCHIVE.xattr.") {
            let Some(value) = decode_base64(value) else { return };
            (decode_percent(name), value)
        } else {
            return;
        };
        if !value.is_empty() {
            self.entry.xattrs.push((name, value));
        }
    }

    /// One attribute in both spellings is one attribute. SCHILY's, which runtimes read, wins.
    fn unite_attributes(&mut self, records: &Records) {
        let libarchive = |(key, _): &(Vec<u8>, Vec<u8>)| key.starts_with(b"LIBARCHIVE.xattr.");
        if !records.iter().any(libarchive) {
            return;
        }
        let schily: HashMap<&[u8], &[u8]> = records
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(key, value)| Some((key.strip_prefix(b"SCHILY.xattr.")?, value.as_slice())))
            .collect();
        let mut seen = HashSet::new();
        let mut disagree = false;
        self.entry.xattrs.retain_mut(|(name, value)| {
            if let Some(winner) = schily.get(name.as_slice())
                && *winner != value.as_slice()
            {
                disagree = true;
                *value = winner.to_vec();
            }
            seen.insert(name.clone())
        });
        if disagree {
            self.entry.ambiguity.add(Ambiguity::XATTR_DISAGREES);
        }
    }

    fn set_logical(&mut self, size: i64) -> Result<(), TarError> {
        self.entry.size =
            u64::try_from(size).map_err(|_| self.header_error("the real size of its sparse file is negative"))?;
        Ok(())
    }

    fn begin_body(&mut self, sink: &mut impl TarSink) -> Result<(), TarError> {
        self.announce(sink)?;
        self.after_data(self.entry.stored, sink);
        Ok(())
    }

    /// Hands the entry to the sink.
    fn announce(&mut self, sink: &mut impl TarSink) -> Result<(), TarError> {
        let length = self.entry.path.len().max(self.entry.link.len());
        if length > self.limits.path {
            let (offset, limit) = (self.entry.header_offset, self.limits.path);
            return Err(TarError::PathTooLong { offset, length, limit });
        }
        if self.limits.strict
            && let Some(code) = self.entry.ambiguity.codes().find(|code| !QUIET.contains(code))
        {
            return Err(TarError::Ambiguous { offset: self.entry.header_offset, code });
        }
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(TarError::TooManyEntries { limit: self.limits.entries });
        }
        sink.entry(&self.entry);
        Ok(())
    }

    /// `left` bytes of the current body are still to come.
    fn after_data(&mut self, left: u64, sink: &mut impl TarSink) {
        if left > 0 {
            self.state = State::Data { left };
            return;
        }
        if self.entry.sparse.is_some() {
            let rest = self.entry.size.saturating_sub(self.sparse_at);
            if rest > 0 {
                sink.hole(rest);
            }
        }
        sink.end();
        self.pad();
    }
}

impl TarReader {
    /// Adds entries of an old GNU sparse map: 24 bytes each. Fewer than all may be in use.
    fn old_sparse_entries(&mut self, map: &[u8]) -> Result<(), TarError> {
        for (offset, length) in map.chunks_exact(24).map(|pair| pair.split_at(12)) {
            if offset.first() == Some(&0) {
                break;
            }
            let (Some(offset), Some(length)) = (parse_numeric(offset), parse_numeric(length)) else {
                return Err(self.header_error("a number of its sparse map is no number"));
            };
            self.add_segment(offset, length)?;
        }
        Ok(())
    }

    fn old_sparse_extension(&mut self, block: &[u8; BLOCK], sink: &mut impl TarSink) -> Result<(), TarError> {
        self.old_sparse_entries(block.get(..504).unwrap_or_default())?;
        self.entry.data_offset += BLOCK as u64;
        let map = self.entry.data_offset.saturating_sub(self.entry.header_offset);
        if block[504] == 0 {
            return self.begin_sparse(sink);
        }
        if map >= self.limits.metadata {
            return Err(TarError::MetadataTooLong { offset: self.entry.header_offset, limit: self.limits.metadata });
        }
        Ok(())
    }

    fn add_segment(&mut self, offset: i64, length: i64) -> Result<(), TarError> {
        let at = self.entry.header_offset;
        let bad = |what| TarError::Sparse { offset: at, what };
        let (Ok(start), Ok(length)) = (u64::try_from(offset), u64::try_from(length)) else {
            return Err(bad("has a negative number in its map"));
        };
        let end = start.checked_add(length).filter(|end| *end <= i64::MAX as u64);
        let end = end.ok_or_else(|| bad("has a map beyond 2^63"))?;
        if end > self.entry.size {
            return Err(bad("has a map beyond its size"));
        }
        if self.segments.last().is_some_and(|last| last.offset + last.length > start) {
            return Err(bad("has a map that overlaps or is out of order"));
        }
        self.segments.push(Segment { offset: start, length });
        Ok(())
    }

    /// Looks for the records of GNU's PAX sparse formats 0.0, 0.1 and 1.0.
    fn pax_sparse(&mut self, records: &Records, bodiless: bool, sink: &mut impl TarSink) -> Result<(), TarError> {
        let get = |name: &[u8]| {
            records.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_slice()).unwrap_or_default()
        };
        let map = get(b"GNU.sparse.map");
        let in_body = match (get(b"GNU.sparse.major"), get(b"GNU.sparse.minor")) {
            (b"0", b"0" | b"1") => false,
            (b"1", b"0") => true,
            (b"", b"") if !map.is_empty() => false,
            _ => return self.begin_body(sink),
        };
        let name = get(b"GNU.sparse.name");
        if !name.is_empty() {
            self.entry.path = name.to_vec();
        }
        let mut size = get(b"GNU.sparse.size");
        if size.is_empty() {
            size = get(b"GNU.sparse.realsize");
        }
        if !size.is_empty() {
            let size =
                parse_decimal(size).ok_or_else(|| self.header_error("the size of its sparse file is no number"))?;
            self.set_logical(size)?;
        }
        if bodiless {
            return Err(self.header_error("a sparse file that is no regular file"));
        }
        if in_body {
            self.buffer.clear();
            self.state = State::NewSparse { left: self.entry.stored };
            if self.entry.stored == 0 {
                return Err(self.map_cut());
            }
            return Ok(());
        }
        let count = parse_decimal(get(b"GNU.sparse.numblocks")).and_then(|count| u64::try_from(count).ok());
        let count = count.ok_or_else(|| self.header_error("the length of its sparse map is no number"))?;
        let numbers: Vec<&[u8]> = if map.is_empty() { Vec::new() } else { map.split(|byte| *byte == b',').collect() };
        if count.checked_mul(2) != Some(numbers.len() as u64) {
            return Err(self.header_error("its sparse map has another length than it says"));
        }
        for pair in numbers.chunks_exact(2) {
            let (Some(offset), Some(length)) =
                (pair.first().and_then(|text| parse_decimal(text)), pair.get(1).and_then(|text| parse_decimal(text)))
            else {
                return Err(self.header_error("a number of its sparse map is no number"));
            };
            self.add_segment(offset, length)?;
        }
        self.begin_sparse(sink)
    }

    /// Collects the map of a PAX 1.0 sparse file: lines of decimal numbers at the start of the body, in whole blocks.
    fn new_sparse(&mut self, bytes: &[u8], left: u64, sink: &mut impl TarSink) -> Result<usize, TarError> {
        let in_block = self.buffer.len() % BLOCK;
        let take = (BLOCK - in_block).min(bytes.len()).min(usize::try_from(left).unwrap_or(usize::MAX));
        self.buffer.extend_from_slice(bytes.get(..take).unwrap_or_default());
        let left = left - take as u64;
        self.state = State::NewSparse { left };
        if !self.buffer.len().is_multiple_of(BLOCK) {
            if left == 0 {
                return Err(self.map_cut());
            }
            return Ok(take);
        }
        if self.buffer.len() as u64 > self.limits.metadata {
            return Err(TarError::MetadataTooLong { offset: self.entry.header_offset, limit: self.limits.metadata });
        }
        // Only the block that just came can bring the lines that are missing; `sparse_next` counts the lines so far and
        // `sparse_at` how many are due once the first is known.
        let block = self.buffer.get(self.buffer.len() - BLOCK..).unwrap_or_default();
        if self.buffer.len() == BLOCK {
            self.sparse_next = 0;
            self.sparse_at = 0;
        }
        self.sparse_next += block.iter().filter(|byte| **byte == b'\n').count();
        if self.sparse_at == 0 && self.sparse_next > 0 {
            let first = self.buffer.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let count =
                parse_decimal(first).and_then(|count| u64::try_from(count).ok()).and_then(|count| count.checked_mul(2));
            let due = count.filter(|count| *count <= i64::MAX as u64);
            self.sparse_at = due.ok_or_else(|| self.header_error("the length of its sparse map is no number"))? + 1;
        }
        if self.sparse_at == 0 || (self.sparse_next as u64) < self.sparse_at {
            if left == 0 {
                return Err(self.map_cut());
            }
            return Ok(take);
        }
        let map = std::mem::take(&mut self.buffer);
        let due = usize::try_from(self.sparse_at).unwrap_or(usize::MAX);
        let mut lines = map.split(|byte| *byte == b'\n').take(due).skip(1);
        while let (Some(offset), Some(length)) = (lines.next(), lines.next()) {
            let (Some(offset), Some(length)) = (parse_decimal(offset), parse_decimal(length)) else {
                return Err(self.header_error("a number of its sparse map is no number"));
            };
            self.add_segment(offset, length)?;
        }
        self.entry.data_offset += map.len() as u64;
        self.entry.stored = left;
        self.begin_sparse(sink)?;
        Ok(take)
    }

    /// The map is complete; the stored pieces follow.
    fn begin_sparse(&mut self, sink: &mut impl TarSink) -> Result<(), TarError> {
        self.buffer.clear();
        self.entry.ambiguity.add(Ambiguity::SPARSE);
        self.sparse_next = 0;
        self.sparse_at = 0;
        self.segment_left = 0;
        self.entry.sparse = Some(std::mem::take(&mut self.segments));
        let held: u64 = self.entry.sparse.iter().flatten().map(|segment| segment.length).sum();
        self.announce(sink)?;
        let at = self.entry.header_offset;
        match held.cmp(&self.entry.stored) {
            std::cmp::Ordering::Greater => {
                Err(TarError::Sparse { offset: at, what: "refers to data that are not stored" })
            }
            std::cmp::Ordering::Less => {
                Err(TarError::Sparse { offset: at, what: "stores data that nothing refers to" })
            }
            std::cmp::Ordering::Equal => {
                self.after_data(held, sink);
                Ok(())
            }
        }
    }

    /// Data of a sparse file: puts the holes between them.
    fn sparse_data(&mut self, mut data: &[u8], sink: &mut impl TarSink) {
        while !data.is_empty() {
            if self.segment_left == 0 {
                let Some(segment) = self.entry.sparse.as_ref().and_then(|map| map.get(self.sparse_next)) else {
                    return;
                };
                self.sparse_next += 1;
                if segment.length == 0 {
                    continue;
                }
                if segment.offset > self.sparse_at {
                    sink.hole(segment.offset - self.sparse_at);
                }
                self.sparse_at = segment.offset;
                self.segment_left = segment.length;
            }
            let take = usize::try_from(self.segment_left).unwrap_or(usize::MAX).min(data.len());
            sink.data(data.get(..take).unwrap_or_default());
            self.sparse_at += take as u64;
            self.segment_left -= take as u64;
            data = data.get(take..).unwrap_or_default();
        }
    }
}

fn has_no_body(kind: EntryKind) -> bool {
    !matches!(kind, EntryKind::File | EntryKind::Unknown)
}

fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

/// The format that a header's magic names, and whether its checksum is the signed one. `None` if the checksum is wrong.
fn format_of(block: &[u8; BLOCK]) -> Option<(Format, bool)> {
    let field = block.get(148..156)?;
    let stored = parse_octal(field)?;
    // Summed in 32 bits, which the compiler does many bytes at once.
    let sum = |bytes: &[u8]| i64::from(bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>());
    let (all, own) = (sum(block), sum(field));
    let signed = if stored == all - own + 8 * 32 {
        false
    } else {
        let high = |bytes: &[u8]| 256 * bytes.iter().filter(|byte| **byte >= 0x80).count() as i64;
        if stored != all - high(block) - (own - high(field)) + 8 * 32 {
            return None;
        }
        true
    };
    let format = match (block.get(257..263)?, block.get(263..265)?) {
        (b"ustar\0", _) if block.get(508..512)? == b"tar\0" => Format::Star,
        (b"ustar\0", _) => Format::Ustar,
        (b"ustar ", b" \0") => Format::Gnu,
        _ => Format::V7,
    };
    Some((format, signed))
}

/// The records of an extended header. Sparse 0.0 pairs become one `GNU.sparse.map` record, as in format 0.1.
fn parse_records(mut body: &[u8], marks: &mut Ambiguity) -> Result<Records, &'static str> {
    let mut records: Records = Vec::new();
    let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
    let mut map: Vec<u8> = Vec::new();
    let mut pairs = 0usize;
    while !body.is_empty() {
        let space = memchr::memchr(b' ', body).ok_or("a PAX record without a space")?;
        let digits = body.get(..space).unwrap_or_default();
        let length = parse_decimal(digits).ok_or("the length of a PAX record is no number")?;
        let length = usize::try_from(length).ok().filter(|length| *length >= 5 && *length <= body.len());
        let length = length.ok_or("the length of a PAX record is wrong")?;
        if matches!(digits.first(), Some(b'0' | b'+')) {
            marks.add(Ambiguity::RECORD_LENGTH);
        }
        let record = body.get(space + 1..length).ok_or("the length of a PAX record is wrong")?;
        let Some((b'\n', record)) = record.split_last() else {
            return Err("a PAX record without a newline at its end");
        };
        let equals = memchr::memchr(b'=', record).ok_or("a PAX record without an equals sign")?;
        let (key, value) = (record.get(..equals).unwrap_or_default(), record.get(equals + 1..).unwrap_or_default());
        if key.is_empty() || key.contains(&0) {
            return Err("a PAX record with an empty key or a NUL in it");
        }
        if matches!(key, b"path" | b"linkpath" | b"uname" | b"gname") && value.contains(&0) {
            return Err("a NUL in a PAX name");
        }
        body = body.get(length..).unwrap_or_default();
        let offset = key == b"GNU.sparse.offset";
        if offset || key == b"GNU.sparse.numbytes" {
            if offset != pairs.is_multiple_of(2) || value.contains(&b',') {
                return Err("the PAX sparse map is out of order");
            }
            if pairs > 0 {
                map.push(b',');
            }
            map.extend_from_slice(value);
            pairs += 1;
            continue;
        }
        if let Some(at) = known.get(key) {
            marks.add(Ambiguity::DUPLICATE_RECORD);
            // The last one wins.
            if let Some(old) = records.get_mut(*at) {
                old.1 = value.to_vec();
            }
            continue;
        }
        known.insert(key.to_vec(), records.len());
        records.push((key.to_vec(), value.to_vec()));
    }
    if pairs > 0 {
        records.retain(|(key, _)| key != b"GNU.sparse.map");
        records.push((b"GNU.sparse.map".to_vec(), map));
    }
    Ok(records)
}

/// A global record that would change the meaning of the entries behind it.
fn overrides(key: &[u8]) -> bool {
    matches!(key, b"path" | b"linkpath" | b"size" | b"uid" | b"gid" | b"uname" | b"gname" | b"mtime" | b"hdrcharset")
        || key.starts_with(b"GNU.sparse.")
        || key.starts_with(b"SCHILY.")
}

/// Standard base64 with or without padding, as libarchive writes it.
pub(crate) fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' | b'\n' | b'\r' => continue,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

fn decode_percent(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let hex = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}
