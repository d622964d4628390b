//! What a member of an archive becomes in a build's tree, wherever the archive comes from.

use super::tree::{Kind, Meta};
use crate::archive::tar::{Entry, EntryKind};
use crate::archive::tar_write::Time;

impl From<&Entry> for Meta {
    /// Mode, owner, time and extended attributes as the header has them; a negative number counts as none. The mode of a
    /// symbolic link is 0777, whatever its header says: no system keeps another.
    fn from(entry: &Entry) -> Self {
        Self {
            mode: if entry.kind == EntryKind::Symlink { 0o777 } else { (entry.mode & 0o7777) as u32 },
            uid: number(entry.uid),
            gid: number(entry.gid),
            mtime: Time { seconds: entry.mtime.seconds, nanos: entry.mtime.nanos },
            xattrs: entry.xattrs.iter().cloned().collect(),
        }
    }
}

impl Kind {
    /// What is whole with its header alone: symbolic links, devices and pipes. `None` for everything else.
    pub(super) fn special(entry: &Entry) -> Option<Self> {
        let (major, minor) = (number(entry.device.0) as u32, number(entry.device.1) as u32);
        match entry.kind {
            EntryKind::Symlink => Some(Self::Symlink(entry.link.as_slice().into())),
            EntryKind::Char => Some(Self::Char(major, minor)),
            EntryKind::Block => Some(Self::Block(major, minor)),
            EntryKind::Fifo => Some(Self::Fifo),
            EntryKind::Dir | EntryKind::File | EntryKind::Hardlink | EntryKind::Unknown => None,
        }
    }
}

fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
