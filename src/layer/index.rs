//! The entries of a layer in compact form: fixed-size records, one buffer for all names, and a side table for what few
//! entries have. A million ordinary entries take about 100 MB with their names.

use std::collections::HashMap;

use crate::archive::tar::{Ambiguity, Entry, EntryKind, Segment, Timestamp};

/// All entries of a layer, in the order of the archive.
#[derive(Clone, Debug, Default)]
pub struct LayerIndex {
    records: Vec<Record>,
    names: Vec<u8>,
    digests: Vec<[u8; 32]>,
    extras: HashMap<u32, Extra>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    data: u64,
    size: u64,
    seconds: i64,
    path: u32,
    path_length: u32,
    link_length: u32,
    mode: u32,
    uid: u32,
    gid: u32,
    /// Place in `digests` plus one.
    digest: u32,
    nanos: u32,
    kind: EntryKind,
    flag: u8,
    extra: bool,
}

/// What few entries have.
#[derive(Clone, Debug, Default)]
struct Extra {
    mode: i64,
    uid: i64,
    gid: i64,
    stored: u64,
    device: (i64, i64),
    uname: Vec<u8>,
    gname: Vec<u8>,
    mtime_text: Vec<u8>,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    sparse: Option<Vec<Segment>>,
    ambiguity: Ambiguity,
}

/// An entry as the index has it.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// The name as written.
    pub path: &'a [u8],
    /// What it is.
    pub kind: EntryKind,
    /// The type flag as Go reports it.
    pub flag: u8,
    /// The mode field, whatever bits it has.
    pub mode: i64,
    /// The owner.
    pub uid: i64,
    /// The group.
    pub gid: i64,
    /// The logical size in bytes; 0 for all but files.
    pub size: u64,
    /// When it was changed.
    pub mtime: Timestamp,
    /// The PAX `mtime` record as written, empty without one.
    pub mtime_text: &'a [u8],
    /// The target of a link, as written.
    pub link: &'a [u8],
    /// The digest of the content, where it was asked for.
    pub sha256: Option<&'a [u8; 32]>,
    /// Where the stored data begin in the uncompressed tar, in bytes.
    pub data_offset: u64,
    /// How many bytes are stored.
    pub stored: u64,
    /// Major and minor number of a device.
    pub device: (i64, i64),
    /// The owner's name, where it is kept.
    pub uname: &'a [u8],
    /// The group's name, where it is kept.
    pub gname: &'a [u8],
    /// Extended attributes.
    pub xattrs: &'a [(Vec<u8>, Vec<u8>)],
    /// The stored pieces of a sparse file.
    pub sparse: Option<&'a [Segment]>,
    /// What readers disagree about.
    pub ambiguity: Ambiguity,
}

impl LayerIndex {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// There is no entry.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Bytes of memory that the index takes, about.
    pub fn memory(&self) -> usize {
        self.records.capacity() * size_of::<Record>() + self.names.capacity() + self.digests.capacity() * 32
    }

    /// Adds an entry. Names beyond 4 GiB in sum are cut: limits on entries and paths stop long before.
    pub fn push(&mut self, entry: &Entry) {
        let at = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.extend_from_slice(&entry.path);
        self.names.extend_from_slice(&entry.link);
        let plain = |number: i64| u32::try_from(number).ok();
        let file = matches!(entry.kind, EntryKind::File);
        let size = if file { entry.size } else { 0 };
        let ordinary = plain(entry.mode).is_some()
            && plain(entry.uid).is_some()
            && plain(entry.gid).is_some()
            && entry.stored == size
            && entry.device == (0, 0)
            && entry.mtime_text.is_empty()
            && entry.xattrs.is_empty()
            && entry.sparse.is_none()
            && entry.ambiguity.is_empty()
            && root_or_empty(&entry.uname)
            && root_or_empty(&entry.gname);
        if !ordinary {
            let number = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
            self.extras.insert(
                number,
                Extra {
                    mode: entry.mode,
                    uid: entry.uid,
                    gid: entry.gid,
                    stored: entry.stored,
                    device: entry.device,
                    uname: entry.uname.clone(),
                    gname: entry.gname.clone(),
                    mtime_text: entry.mtime_text.clone(),
                    xattrs: entry.xattrs.clone(),
                    sparse: entry.sparse.clone(),
                    ambiguity: entry.ambiguity,
                },
            );
        }
        self.records.push(Record {
            data: entry.data_offset,
            size,
            seconds: entry.mtime.seconds,
            path: at,
            path_length: entry.path.len() as u32,
            link_length: entry.link.len() as u32,
            mode: plain(entry.mode).unwrap_or(0),
            uid: plain(entry.uid).unwrap_or(0),
            gid: plain(entry.gid).unwrap_or(0),
            digest: 0,
            nanos: entry.mtime.nanos,
            kind: entry.kind,
            flag: entry.flag,
            extra: !ordinary,
        });
    }

    /// Gives the last entry the digest of its content.
    pub fn set_digest(&mut self, sha256: [u8; 32]) {
        self.digests.push(sha256);
        if let Some(last) = self.records.last_mut() {
            last.digest = u32::try_from(self.digests.len()).unwrap_or(0);
        }
    }

    /// The entry at a place in the archive's order.
    pub fn get(&self, at: usize) -> Option<Member<'_>> {
        let record = self.records.get(at)?;
        let path = record.path as usize;
        let link = path + record.path_length as usize;
        let extra = if record.extra { self.extras.get(&(at as u32)) } else { None };
        let digest = (record.digest as usize).checked_sub(1).and_then(|at| self.digests.get(at));
        Some(Member {
            path: self.names.get(path..link).unwrap_or_default(),
            link: self.names.get(link..link + record.link_length as usize).unwrap_or_default(),
            kind: record.kind,
            flag: record.flag,
            mode: extra.map_or(i64::from(record.mode), |extra| extra.mode),
            uid: extra.map_or(i64::from(record.uid), |extra| extra.uid),
            gid: extra.map_or(i64::from(record.gid), |extra| extra.gid),
            size: record.size,
            mtime: Timestamp { seconds: record.seconds, nanos: record.nanos },
            mtime_text: extra.map_or(&[][..], |extra| &extra.mtime_text),
            sha256: digest,
            data_offset: record.data,
            stored: extra.map_or(record.size, |extra| extra.stored),
            device: extra.map_or((0, 0), |extra| extra.device),
            uname: extra.map_or(&[][..], |extra| &extra.uname),
            gname: extra.map_or(&[][..], |extra| &extra.gname),
            xattrs: extra.map_or(&[][..], |extra| &extra.xattrs),
            sparse: extra.and_then(|extra| extra.sparse.as_deref()),
            ambiguity: extra.map_or(Ambiguity::default(), |extra| extra.ambiguity),
        })
    }

    /// All entries in order.
    pub fn iter(&self) -> impl Iterator<Item = Member<'_>> {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

/// Owner names that are not worth keeping.
fn root_or_empty(name: &[u8]) -> bool {
    matches!(name, b"" | b"root" | b"wheel")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_was_put_in() {
        let mut index = LayerIndex::default();
        let plain = Entry {
            path: b"etc/passwd".to_vec(),
            mode: 0o644,
            size: 7,
            stored: 7,
            data_offset: 512,
            ..Entry::default()
        };
        let odd = Entry {
            path: b"l".to_vec(),
            link: b"/x".to_vec(),
            kind: EntryKind::Symlink,
            uid: 1 << 40,
            xattrs: vec![(b"user.a".to_vec(), vec![0, 1])],
            ..Entry::default()
        };
        index.push(&plain);
        index.set_digest([7; 32]);
        index.push(&odd);
        let first = index.get(0).unwrap();
        assert_eq!((first.path, first.size, first.mode, first.sha256), (&b"etc/passwd"[..], 7, 0o644, Some(&[7; 32])));
        let second = index.get(1).unwrap();
        assert_eq!((second.link, second.uid, second.sha256), (&b"/x"[..], 1 << 40, None));
        assert_eq!(second.xattrs.len(), 1);
        assert_eq!(index.iter().count(), 2);
    }
}
