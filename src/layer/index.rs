//! The entries of a layer in compact form: records of 36 bytes, the names in pages, a table of owners, and a side table for
//! what few entries have. A million entries take 36 MB and the bytes of their names.
//!
//! Everything grows by pages, so that nothing is copied and no more than a page is reserved in vain.

use std::collections::HashMap;

use crate::archive::tar::{Ambiguity, BLOCK, Entry, EntryKind, Segment, Timestamp};

/// All entries of a layer, in the order of the archive.
#[derive(Clone, Debug, Default)]
pub struct LayerIndex {
    records: Pages<Record>,
    names: Names,
    digests: Pages<[u8; 32]>,
    owners: Vec<Owner>,
    owner_numbers: HashMap<Owner, u16>,
    extras: HashMap<u32, Box<Extra>>,
    extra_bytes: usize,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    /// Where the data begin, in blocks of the tar.
    block: u32,
    size: u32,
    seconds: u32,
    nanos: u32,
    name: u32,
    /// Place in `digests` plus one.
    digest: u32,
    path_length: u16,
    link_length: u16,
    mode: u16,
    owner: u16,
    text_length: u8,
    kind: EntryKind,
    flag: u8,
    /// Something of it does not fit into the fields above: all of it stands in `extras`.
    extra: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Owner {
    uid: i64,
    gid: i64,
    uname: Vec<u8>,
    gname: Vec<u8>,
}

/// What few entries have.
#[derive(Clone, Debug, Default)]
struct Extra {
    mode: i64,
    size: u64,
    seconds: i64,
    data: u64,
    stored: u64,
    owner: Owner,
    device: (i64, i64),
    mtime_text: Vec<u8>,
    /// Path and link, where they do not fit into a page of names.
    names: Option<(Vec<u8>, Vec<u8>)>,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    sparse: Option<Vec<Segment>>,
    ambiguity: Ambiguity,
}

impl Extra {
    /// Bytes of memory that it takes, about.
    fn memory(&self) -> usize {
        let names = self.names.as_ref().map_or(0, |(path, link)| path.len() + link.len());
        let owner = self.owner.uname.len() + self.owner.gname.len();
        let xattrs: usize = self.xattrs.iter().map(|(name, value)| 48 + name.len() + value.len()).sum();
        let sparse = self.sparse.as_ref().map_or(0, |map| size_of_val(map.as_slice()));
        size_of::<Self>() + 32 + names + owner + xattrs + sparse + self.mtime_text.len()
    }
}

/// A list that grows by pages.
#[derive(Clone, Debug)]
struct Pages<T>(Vec<Vec<T>>);

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Pages<T> {
    const PAGE: usize = 1 << 12;

    fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * Self::PAGE + last.len())
    }

    fn push(&mut self, value: T) {
        match self.0.last_mut() {
            Some(page) if page.len() < Self::PAGE => page.push(value),
            // The first page grows as it is needed: most layers are small.
            Some(_) => {
                let mut page = Vec::with_capacity(Self::PAGE);
                page.push(value);
                self.0.push(page);
            }
            None => self.0.push(vec![value]),
        }
    }

    fn get(&self, at: usize) -> Option<&T> {
        self.0.get(at / Self::PAGE)?.get(at % Self::PAGE)
    }

    fn last_mut(&mut self) -> Option<&mut T> {
        self.0.last_mut()?.last_mut()
    }

    fn memory(&self) -> usize {
        self.0.iter().map(|page| page.capacity() * size_of::<T>()).sum()
    }
}

/// Bytes that stand together, in pages of 64 KiB. A place is the number of a page and 16 bits within it.
#[derive(Clone, Debug, Default)]
struct Names(Vec<Vec<u8>>);

impl Names {
    const PAGE: usize = 1 << 16;

    /// Puts the parts behind each other. `None` where they have no room on a page, or there are 4 GiB already.
    fn put(&mut self, parts: [&[u8]; 3]) -> Option<u32> {
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        if length > Self::PAGE {
            return None;
        }
        let full = self.0.last().is_none_or(|page| page.len() + length > Self::PAGE);
        if full {
            let first = self.0.is_empty();
            self.0.push(Vec::with_capacity(if first { 0 } else { Self::PAGE }));
        }
        let number = u32::try_from(self.0.len() - 1).ok().filter(|number| *number < 1 << 16)?;
        let page = self.0.last_mut()?;
        let at = page.len() as u32;
        parts.iter().for_each(|part| page.extend_from_slice(part));
        // Nothing at the very end of a full page stands at its beginning just as well.
        Some(number << 16 | at & 0xffff)
    }

    fn get(&self, place: u32, skip: usize, length: usize) -> &[u8] {
        let from = (place & 0xffff) as usize + skip;
        self.0.get((place >> 16) as usize).and_then(|page| page.get(from..from + length)).unwrap_or_default()
    }

    fn memory(&self) -> usize {
        self.0.iter().map(Vec::capacity).sum()
    }
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
        self.len() == 0
    }

    /// Bytes of memory that the index takes, about.
    pub fn memory(&self) -> usize {
        self.records.memory()
            + self.names.memory()
            + self.digests.memory()
            + self.owners.len() * 2 * size_of::<Owner>()
            + self.extra_bytes
    }

    /// The number of an owner; `None` where there are too many.
    fn owner(&mut self, entry: &Entry) -> Option<u16> {
        let same = |owner: &Owner| {
            owner.uid == entry.uid
                && owner.gid == entry.gid
                && owner.uname == kept_name(&entry.uname)
                && owner.gname == kept_name(&entry.gname)
        };
        let last = self.records.last_mut().map_or(0, |last| last.owner);
        if self.owners.get(usize::from(last)).is_some_and(same) {
            return Some(last);
        }
        let owner = owner_of(entry);
        if let Some(number) = self.owner_numbers.get(&owner) {
            return Some(*number);
        }
        let number = u16::try_from(self.owners.len()).ok()?;
        self.extra_bytes += 2 * (owner.uname.len() + owner.gname.len());
        self.owners.push(owner.clone());
        self.owner_numbers.insert(owner, number);
        Some(number)
    }

    /// Adds an entry.
    pub fn push(&mut self, entry: &Entry) {
        let file = matches!(entry.kind, EntryKind::File);
        let size = if file { entry.size } else { 0 };
        let owner = self.owner(entry);
        let text = if entry.mtime_text.len() > usize::from(u8::MAX) { &[][..] } else { &entry.mtime_text };
        let name = self.names.put([&entry.path, &entry.link, text]);
        let aligned = entry.data_offset.is_multiple_of(BLOCK as u64);
        let block = u32::try_from(entry.data_offset / BLOCK as u64).ok().filter(|_| aligned);
        let (path_length, link_length) = (u16::try_from(entry.path.len()), u16::try_from(entry.link.len()));
        let (mode, small) = (u16::try_from(entry.mode), u32::try_from(size));
        let seconds = u32::try_from(entry.mtime.seconds);
        let ordinary = owner.is_some()
            && name.is_some()
            && block.is_some()
            && path_length.is_ok()
            && link_length.is_ok()
            && mode.is_ok()
            && small.is_ok()
            && seconds.is_ok()
            && text.len() == entry.mtime_text.len()
            && entry.stored == size
            && entry.device == (0, 0)
            && entry.xattrs.is_empty()
            && entry.sparse.is_none()
            && entry.ambiguity.is_empty();
        if !ordinary {
            let number = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
            let fits = name.is_some() && path_length.is_ok() && link_length.is_ok();
            let extra = Extra {
                mode: entry.mode,
                size,
                seconds: entry.mtime.seconds,
                data: entry.data_offset,
                stored: entry.stored,
                owner: owner_of(entry),
                device: entry.device,
                mtime_text: entry.mtime_text.clone(),
                names: (!fits).then(|| (entry.path.clone(), entry.link.clone())),
                xattrs: entry.xattrs.clone(),
                sparse: entry.sparse.clone(),
                ambiguity: entry.ambiguity,
            };
            self.extra_bytes += extra.memory();
            self.extras.insert(number, Box::new(extra));
        }
        self.records.push(Record {
            block: block.unwrap_or(0),
            size: small.unwrap_or(0),
            seconds: seconds.unwrap_or(0),
            nanos: entry.mtime.nanos,
            name: name.unwrap_or(0),
            digest: 0,
            path_length: path_length.unwrap_or(0),
            link_length: link_length.unwrap_or(0),
            mode: mode.unwrap_or(0),
            owner: owner.unwrap_or(0),
            text_length: text.len() as u8,
            kind: entry.kind,
            flag: entry.flag,
            extra: !ordinary,
        });
    }

    /// Gives the last entry the digest of its content.
    pub fn set_digest(&mut self, sha256: [u8; 32]) {
        self.digests.push(sha256);
        let number = u32::try_from(self.digests.len()).unwrap_or(0);
        if let Some(last) = self.records.last_mut() {
            last.digest = number;
        }
    }

    /// The entry at a place in the archive's order.
    pub fn get(&self, at: usize) -> Option<Member<'_>> {
        let record = self.records.get(at)?;
        let (path, link) = (usize::from(record.path_length), usize::from(record.link_length));
        let extra = if record.extra { self.extras.get(&(at as u32)) } else { None };
        let owner = extra.map(|extra| &extra.owner).or_else(|| self.owners.get(usize::from(record.owner)))?;
        let digest = (record.digest as usize).checked_sub(1).and_then(|at| self.digests.get(at));
        let long = extra.and_then(|extra| extra.names.as_ref());
        let size = extra.map_or(u64::from(record.size), |extra| extra.size);
        let text = || self.names.get(record.name, path + link, usize::from(record.text_length));
        Some(Member {
            path: long.map_or_else(|| self.names.get(record.name, 0, path), |(path, _)| path),
            link: long.map_or_else(|| self.names.get(record.name, path, link), |(_, link)| link),
            kind: record.kind,
            flag: record.flag,
            mode: extra.map_or(i64::from(record.mode), |extra| extra.mode),
            uid: owner.uid,
            gid: owner.gid,
            size,
            mtime: Timestamp {
                seconds: extra.map_or(i64::from(record.seconds), |extra| extra.seconds),
                nanos: record.nanos,
            },
            mtime_text: extra.map_or_else(text, |extra| &extra.mtime_text),
            sha256: digest,
            data_offset: extra.map_or(u64::from(record.block) * BLOCK as u64, |extra| extra.data),
            stored: extra.map_or(size, |extra| extra.stored),
            device: extra.map_or((0, 0), |extra| extra.device),
            uname: &owner.uname,
            gname: &owner.gname,
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

/// A name of an owner or group, if it is worth keeping: root's is not.
fn kept_name(name: &[u8]) -> &[u8] {
    if matches!(name, b"root" | b"wheel") { &[] } else { name }
}

fn owner_of(entry: &Entry) -> Owner {
    Owner {
        uid: entry.uid,
        gid: entry.gid,
        uname: kept_name(&entry.uname).to_vec(),
        gname: kept_name(&entry.gname).to_vec(),
    }
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

    proptest::proptest! {
        #[test]
        fn gives_back_anything(
            paths in proptest::collection::vec((0usize..70_000, 0usize..200), 1..60),
            numbers in proptest::collection::vec((0i64.., 0u64..1 << 40, -5i64..1 << 33), 60),
        ) {
            let mut index = LayerIndex::default();
            let entries: Vec<Entry> = paths.iter().zip(&numbers).enumerate().map(|(at, ((path, link), (id, size, seconds)))| {
                let long = if at % 7 == 0 { *path } else { path % 300 };
                Entry {
                    path: vec![b'a' + (at % 26) as u8; long],
                    link: vec![b'z'; *link],
                    kind: if at % 3 == 0 { EntryKind::File } else { EntryKind::Symlink },
                    mode: if at % 5 == 0 { *id } else { id & 0o7777 },
                    uid: id % 3,
                    gid: *id >> (at % 64),
                    size: *size,
                    stored: if at % 3 == 0 { *size } else { 0 },
                    mtime: Timestamp { seconds: *seconds, nanos: (*size % 1_000_000_000) as u32 },
                    mtime_text: vec![b'1'; path % 280],
                    uname: if at % 2 == 0 { b"node".to_vec() } else { Vec::new() },
                    data_offset: if at % 11 == 0 { *size } else { size / 512 * 512 },
                    ..Entry::default()
                }
            }).collect();
            entries.iter().for_each(|entry| index.push(entry));
            proptest::prop_assert_eq!(index.len(), entries.len());
            for (member, entry) in index.iter().zip(&entries) {
                proptest::prop_assert_eq!((member.path, member.link, member.kind), (&entry.path[..], &entry.link[..], entry.kind));
                proptest::prop_assert_eq!((member.mode, member.uid, member.gid), (entry.mode, entry.uid, entry.gid));
                proptest::prop_assert_eq!((member.mtime, member.mtime_text), (entry.mtime, &entry.mtime_text[..]));
                proptest::prop_assert_eq!((member.data_offset, member.stored, member.uname), (entry.data_offset, entry.stored, &entry.uname[..]));
                proptest::prop_assert_eq!(member.size, if entry.kind == EntryKind::File { entry.size } else { 0 });
            }
        }
    }

    #[test]
    fn a_million_entries_fit_into_100_mb() {
        let mut index = LayerIndex::default();
        let mut entry = Entry { mode: 0o644, uid: 1000, uname: b"node".to_vec(), ..Entry::default() };
        for at in 0..1_000_000u64 {
            entry.path =
                format!("srv/app/node_modules/package-{:05}/dist/esm/module-{:02}.js", at / 40, at % 40).into_bytes();
            (entry.size, entry.stored, entry.data_offset) = (at % 9000, at % 9000, at * 8192);
            entry.mtime = Timestamp { seconds: 1_700_000_000, nanos: 123_456_789 };
            index.push(&entry);
        }
        assert!(index.memory() < 100 << 20, "{}", index.memory());
        assert_eq!(index.get(999_999).unwrap().data_offset, 999_999 * 8192);
    }
}
