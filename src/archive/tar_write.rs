//! Writes tar members: plain ustar where it can say all, a PAX header before it where it cannot.
//!
//! The bytes depend on the member alone. Owners' names are never written: they are the host's, not the image's.

use std::collections::BTreeMap;

/// The size of a tar block in bytes.
pub const BLOCK: usize = 512;

/// What ends an archive: two blocks of zeros (POSIX.1-2017, pax, "ustar Interchange Format").
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// What a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// A regular file with this many bytes, which follow the header.
    File(u64),
    /// Another name of the file that an earlier member with this path has made.
    HardLink(Vec<u8>),
    /// A symbolic link to this target.
    Symlink(Vec<u8>),
    /// A character device: major, minor.
    Char(u32, u32),
    /// A block device: major, minor.
    Block(u32, u32),
    /// A directory.
    Dir,
    /// A named pipe.
    Fifo,
}

/// A time: seconds since 1970 and nanoseconds after them (below 10^9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time {
    /// Seconds since 1970, negative before.
    pub seconds: i64,
    /// Nanoseconds after that second.
    pub nanos: u32,
}

/// A member's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The path without a leading `/`. A directory's trailing `/` is added here.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: MemberKind,
    /// The permission bits, with setuid, setgid and sticky: the low 12 bits count.
    pub mode: u32,
    /// The owner's number.
    pub uid: u64,
    /// The group's number.
    pub gid: u64,
    /// When it was last changed.
    pub mtime: Time,
    /// Extended attributes by name, written as `SCHILY.xattr.` records.
    pub xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// Why a member cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TarWriteError {
    /// Tar ends names with a NUL, so none can hold one.
    #[error(
        "`{0}` cannot be put in a tar archive: its path, link target or attribute name holds a NUL byte; rename it"
    )]
    Nul(String),
    /// A whiteout that hides nothing: of no name, of the directory itself, or of the one above it. Runtimes refuse the layer
    /// or delete the directory.
    #[error("`{0}` cannot be put in a layer: its name is a whiteout of nothing that readers may not make; rename it")]
    Whiteout(String),
    /// A uid, gid or size above 2^63-1: readers take none.
    #[error("`{0}` cannot be put in a tar archive: its size or the number of its owner or group is above 2^63-1")]
    Number(String),
}

impl TarWriteError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Nul(_) => "TAR_NAME_NUL",
            Self::Whiteout(_) => "LAYER_NAME_WHITEOUT",
            Self::Number(_) => "TAR_NUMBER_RANGE",
        }
    }
}

/// How many zeros follow a body of `size` bytes.
pub fn padding(size: u64) -> usize {
    ((BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64) as usize
}

const NAME: usize = 100;
const PREFIX: usize = 155;
/// The largest number in an eight-byte octal field with its terminator.
const OCTAL7: u64 = 0o777_7777;
/// The largest number in a twelve-byte octal field with its terminator.
const OCTAL11: u64 = 0o777_7777_7777;

impl Member {
    /// The header's blocks: one, or three and more with a PAX header.
    pub fn header(&self) -> Result<Vec<u8>, TarWriteError> {
        let (flag, size, link, device) = match &self.kind {
            MemberKind::File(size) => (b'0', *size, &[][..], None),
            MemberKind::HardLink(target) => (b'1', 0, target.as_slice(), None),
            MemberKind::Symlink(target) => (b'2', 0, target.as_slice(), None),
            MemberKind::Char(major, minor) => (b'3', 0, &[][..], Some((*major, *minor))),
            MemberKind::Block(major, minor) => (b'4', 0, &[][..], Some((*major, *minor))),
            MemberKind::Dir => (b'5', 0, &[][..], None),
            MemberKind::Fifo => (b'6', 0, &[][..], None),
        };
        let mut path = self.path.clone();
        if self.kind == MemberKind::Dir && path.last() != Some(&b'/') {
            path.push(b'/');
        }
        let nul = |bytes: &[u8]| bytes.contains(&0);
        if nul(&path) || nul(link) || self.xattrs.keys().any(|name| nul(name)) {
            return Err(TarWriteError::Nul(String::from_utf8_lossy(&self.path).into_owned()));
        }
        if [size, self.uid, self.gid].iter().any(|number| i64::try_from(*number).is_err()) {
            return Err(TarWriteError::Number(String::from_utf8_lossy(&self.path).into_owned()));
        }

        // Records sorted by key, as Go's archive/tar writes them.
        let mut records: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let (name, prefix) = match split(&path) {
            Some(parts) if path.is_ascii() => parts,
            _ => {
                records.insert(b"path".to_vec(), path.clone());
                (cut(&path), &[][..])
            }
        };
        if link.len() > NAME || !link.is_ascii() {
            records.insert(b"linkpath".to_vec(), link.to_vec());
        }
        let mut number = |key: &str, value: u64, limit: u64| {
            if value > limit {
                records.insert(key.into(), value.to_string().into_bytes());
                return 0;
            }
            value
        };
        let uid = number("uid", self.uid, OCTAL7);
        let gid = number("gid", self.gid, OCTAL7);
        let octal_size = number("size", size, OCTAL11);
        let seconds = u64::try_from(self.mtime.seconds).ok().filter(|s| *s <= OCTAL11);
        if seconds.is_none() || self.mtime.nanos != 0 {
            records.insert(b"mtime".to_vec(), decimal(self.mtime).into_bytes());
        }
        for (key, value) in &self.xattrs {
            let mut name = b"SCHILY.xattr.".to_vec();
            name.extend_from_slice(key);
            records.insert(name, value.clone());
        }

        let mut out = Vec::with_capacity(BLOCK);
        if !records.is_empty() {
            let mut body = Vec::new();
            for (key, value) in &records {
                record(key, value, &mut body);
            }
            let mut header = Header::new(&pax_name(&path), b'x');
            header.octal(100..108, 0o644);
            header.octal(124..136, body.len() as u64);
            out.extend_from_slice(&header.done());
            out.extend_from_slice(&body);
            out.resize(out.len() + padding(body.len() as u64), 0);
        }
        let mut header = Header::new(name, flag);
        header.bytes(345, prefix);
        header.octal(100..108, u64::from(self.mode & 0o7777));
        header.octal(108..116, uid);
        header.octal(116..124, gid);
        header.octal(124..136, octal_size);
        header.octal(136..148, seconds.unwrap_or(0));
        header.bytes(157, cut(link));
        if let Some((major, minor)) = device {
            header.octal(329..337, u64::from(major));
            header.octal(337..345, u64::from(minor));
        }
        out.extend_from_slice(&header.done());
        Ok(out)
    }
}

/// The path as name and prefix of a ustar header, cut at a slash, or `None` where it does not fit.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    if path.len() <= NAME {
        return Some((path, &[]));
    }
    // The slash that ends a directory's name is no place to cut.
    let inner = path.strip_suffix(b"/").unwrap_or(path);
    let at = inner.iter().take(PREFIX + 1).rposition(|byte| *byte == b'/').filter(|at| *at > 0)?;
    let (prefix, name) = (path.get(..at)?, path.get(at + 1..)?);
    (name.len() <= NAME && !name.is_empty()).then_some((name, prefix))
}

fn cut(bytes: &[u8]) -> &[u8] {
    bytes.get(..NAME).unwrap_or(bytes)
}

/// The name of the PAX header itself: `dir/PaxHeaders.0/base`, in ASCII and cut, as Go's archive/tar does.
fn pax_name(path: &[u8]) -> Vec<u8> {
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let at = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    let (dir, base) = path.split_at(at);
    let mut name = [dir, b"PaxHeaders.0/", base].concat();
    name.retain(u8::is_ascii);
    name.truncate(NAME);
    name
}

/// Seconds with a fraction where there is one; the fraction counts away from zero, as PAX wants for negative times.
fn decimal(time: Time) -> String {
    if time.nanos == 0 {
        return time.seconds.to_string();
    }
    let (sign, seconds, nanos) = if time.seconds < 0 {
        ("-", (i128::from(time.seconds) + 1).unsigned_abs(), 1_000_000_000 - time.nanos.min(999_999_999))
    } else {
        ("", i128::from(time.seconds).unsigned_abs(), time.nanos)
    };
    let text = format!("{sign}{seconds}.{nanos:09}");
    text.trim_end_matches('0').to_owned()
}

/// `length key=value\n`, where the length counts itself.
fn record(key: &[u8], value: &[u8], out: &mut Vec<u8>) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    out.extend_from_slice(length.to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(key);
    out.push(b'=');
    out.extend_from_slice(value);
    out.push(b'\n');
}

struct Header([u8; BLOCK]);

impl Header {
    fn new(name: &[u8], flag: u8) -> Self {
        let mut header = Self([0; BLOCK]);
        header.bytes(0, name);
        for field in [100..108, 108..116, 116..124, 124..136, 136..148, 329..337, 337..345] {
            header.octal(field, 0);
        }
        header.bytes(156, &[flag]);
        header.bytes(257, b"ustar\x0000");
        header
    }

    fn bytes(&mut self, at: usize, bytes: &[u8]) {
        for (to, from) in self.0.iter_mut().skip(at).zip(bytes) {
            *to = *from;
        }
    }

    /// Digits with leading zeros and a NUL. The caller has checked that the number fits.
    fn octal(&mut self, field: std::ops::Range<usize>, value: u64) {
        let width = field.len() - 1;
        self.bytes(field.start, format!("{value:0width$o}").as_bytes());
    }

    fn done(mut self) -> [u8; BLOCK] {
        self.bytes(148, b"        ");
        let sum: u64 = self.0.iter().map(|byte| u64::from(*byte)).sum();
        self.bytes(148, format!("{sum:06o}\0 ").as_bytes());
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn member(path: &[u8], kind: MemberKind) -> Member {
        Member {
            path: path.to_vec(),
            kind,
            mode: 0o644,
            uid: 0,
            gid: 0,
            mtime: Time { seconds: 1_700_000_000, nanos: 0 },
            xattrs: BTreeMap::new(),
        }
    }

    fn archive(members: &[Member]) -> Vec<u8> {
        let mut out = Vec::new();
        for member in members {
            out.extend(member.header().unwrap());
            if let MemberKind::File(size) = member.kind {
                out.resize(out.len() + size as usize, b'x');
                out.resize(out.len() + padding(size), 0);
            }
        }
        out.extend_from_slice(&END);
        out
    }

    #[test]
    fn what_fits_is_plain_ustar() {
        let short = member(b"etc/passwd", MemberKind::File(3));
        assert_eq!(short.header().unwrap().len(), BLOCK);
        let deep = [&[b'd'; 90][..], b"/", &[b'e'; 90], b"/f"].concat();
        assert_eq!(member(&deep, MemberKind::Dir).header().unwrap().len(), BLOCK);
    }

    #[test]
    fn another_reader_sees_what_was_written() {
        let long = [b'n'; 300];
        let mut big = member(&long, MemberKind::File(5));
        big.uid = 5_000_000_000;
        big.mtime = Time { seconds: 12, nanos: 500_000_000 };
        big.xattrs.insert(b"user.k".to_vec(), b"a=b\0c".to_vec());
        let members = [
            big,
            member("é/漢".as_bytes(), MemberKind::Dir),
            member(b"l", MemberKind::Symlink(vec![b't'; 150])),
            member(b"h", MemberKind::HardLink(long.to_vec())),
            member(b"dev", MemberKind::Char(5, 1)),
        ];
        let bytes = archive(&members);
        let mut reader = tar::Archive::new(&bytes[..]);
        let mut seen = Vec::new();
        for entry in reader.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut body = Vec::new();
            entry.read_to_end(&mut body).unwrap();
            let records: Vec<(String, Vec<u8>)> = entry
                .pax_extensions()
                .unwrap()
                .into_iter()
                .flatten()
                .map(|r| r.unwrap())
                .map(|r| (r.key().unwrap().to_owned(), r.value_bytes().to_vec()))
                .collect();
            seen.push((
                entry.path_bytes().into_owned(),
                entry.link_name_bytes().map(|l| l.into_owned()),
                body,
                records,
            ));
        }
        assert_eq!(seen[0].0, long);
        assert_eq!(seen[0].2, b"xxxxx");
        let keys: Vec<&str> = seen[0].3.iter().map(|r| r.0.as_str()).collect();
        assert_eq!(keys, ["SCHILY.xattr.user.k", "mtime", "path", "uid"]);
        assert_eq!(seen[0].3[1].1, b"12.5");
        assert_eq!(seen[1].0, "é/漢/".as_bytes());
        assert_eq!(seen[2].1.as_deref(), Some(&[b't'; 150][..]));
        assert_eq!(seen[3].1.as_deref(), Some(&long[..]));
        assert_eq!(seen.len(), 5);
    }

    #[test]
    fn record_lengths_count_themselves() {
        for size in [0, 1, 86, 87, 88, 89, 90, 984, 985, 986, 987, 988] {
            let mut out = Vec::new();
            record(b"path", &vec![b'x'; size], &mut out);
            let text = String::from_utf8(out.clone()).unwrap();
            assert_eq!(text.split(' ').next().unwrap().parse::<usize>().unwrap(), out.len());
        }
    }

    #[test]
    fn times_before_1970_keep_their_fraction() {
        assert_eq!(decimal(Time { seconds: -2, nanos: 750_000_000 }), "-1.25");
        assert_eq!(decimal(Time { seconds: -1, nanos: 500_000_000 }), "-0.5");
    }

    #[test]
    fn nul_in_a_name_is_refused() {
        assert_eq!(member(b"a\0b", MemberKind::Dir).header().unwrap_err().code(), "TAR_NAME_NUL");
        let member = Member { uid: u64::MAX, ..member(b"a", MemberKind::Dir) };
        assert_eq!(member.header().unwrap_err().code(), "TAR_NUMBER_RANGE");
    }
}
