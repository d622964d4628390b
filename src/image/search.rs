//! Looks for text in the files of an image: one pass over each layer, and never a whole file in memory.

use memchr::memmem::Finder;
use memchr::{memchr_iter, memrchr};

use super::entries::FileError;
use super::open::Image;
use super::pass::LayerPass;
use super::read::{Step, Watch};
use crate::archive::tar::{Entry, EntryKind, TarSink};

/// How much of a line is shown on each side of what was found, in bytes.
const AROUND: usize = 160;

/// A file in which the text stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The place of the file's name among the names of the merged filesystem, in their order.
    pub name: u32,
    /// Where it stands first, in bytes.
    pub offset: u64,
    /// On which line, from 1.
    pub line: u64,
    /// How often it stands there; overlapping ones count once.
    pub count: u64,
    /// The line it stands on, cut to some 300 bytes.
    pub text: Vec<u8>,
}

/// A search in one file.
#[derive(Default)]
struct File {
    /// What stands before the next bytes: enough for a match across the border and for the line.
    before: Vec<u8>,
    /// How many bytes of `before` may be part of a match to come.
    open: usize,
    /// Bytes and lines before `before`.
    offset: u64,
    lines: u64,
    found: Option<Found>,
    /// The line is still being completed.
    line_open: bool,
}

struct Sink<'a> {
    finder: &'a Finder<'a>,
    /// Wanted entries of this layer in order, with their names.
    wanted: &'a [(u32, u32)],
    next: usize,
    number: u32,
    file: Option<File>,
    out: &'a mut Vec<Found>,
}

impl File {
    fn push(&mut self, bytes: &[u8], finder: &Finder<'_>) {
        self.complete_line(bytes);
        let fresh = self.before.len();
        self.before.extend_from_slice(bytes);
        let length = finder.needle().len();
        let mut from = fresh - self.open;
        while let Some(at) = self.before.get(from..).and_then(|part| finder.find(part)) {
            let start = from + at;
            from = start + length;
            match &mut self.found {
                Some(found) => found.count += 1,
                None => {
                    let head = self.before.get(..start).unwrap_or_default();
                    let line = memrchr(b'\n', head).map_or(0, |at| at + 1).max(start.saturating_sub(AROUND));
                    let rest = self.before.get(start..).unwrap_or_default();
                    let end = memchr::memchr(b'\n', rest.get(length.min(rest.len())..).unwrap_or_default());
                    let shown = end.map_or(rest.len(), |at| at + length).min(length.saturating_add(AROUND));
                    self.line_open = end.is_none() && shown == rest.len();
                    self.found = Some(Found {
                        name: 0,
                        offset: self.offset + start as u64,
                        line: self.lines + memchr_iter(b'\n', head).count() as u64 + 1,
                        count: 1,
                        text: self.before.get(line..start + shown).unwrap_or_default().to_vec(),
                    });
                }
            }
        }
        // A match may begin in the last bytes, but not inside one that was counted.
        self.open = (length - 1).min(self.before.len() - from);
        let keep = self.before.len().min(length.max(AROUND));
        let gone = self.before.len() - keep;
        let head = self.before.get(..gone).unwrap_or_default();
        if self.found.is_none() {
            self.lines += memchr_iter(b'\n', head).count() as u64;
        }
        self.offset += gone as u64;
        self.before.drain(..gone);
    }

    /// Adds to the line that was found what comes behind it.
    fn complete_line(&mut self, bytes: &[u8]) {
        if let Some(found) = self.found.as_mut().filter(|_| self.line_open) {
            let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
            let room = (2 * AROUND).saturating_sub(found.text.len());
            found.text.extend_from_slice(bytes.get(..end.min(room)).unwrap_or_default());
            self.line_open = end == bytes.len() && end < room;
        }
    }
}

impl TarSink for Sink<'_> {
    fn entry(&mut self, entry: &Entry) {
        let number = self.number;
        self.number += 1;
        let wanted = self.wanted.get(self.next).is_some_and(|(at, _)| *at == number);
        self.file = (wanted && entry.kind == EntryKind::File).then(File::default);
        if wanted && self.file.is_none() {
            self.skip(number);
        }
    }

    fn data(&mut self, bytes: &[u8]) {
        if let Some(file) = &mut self.file {
            file.push(bytes, self.finder);
        }
    }

    fn hole(&mut self, length: u64) {
        // Text has no zeros: what stands before the hole and what stands behind it are apart.
        if let Some(file) = &mut self.file {
            file.offset += file.before.len() as u64 + length;
            file.lines += memchr_iter(b'\n', &file.before).count() as u64;
            file.before.clear();
            file.open = 0;
            file.line_open = false;
        }
    }

    fn end(&mut self) {
        let Some(file) = self.file.take() else { return };
        let number = self.number.saturating_sub(1);
        let names = self.wanted.get(self.next..).unwrap_or_default().iter().take_while(|(at, _)| *at == number);
        if let Some(found) = file.found {
            self.out.extend(names.map(|(_, name)| Found { name: *name, ..found.clone() }));
        }
        self.skip(number);
    }
}

impl Sink<'_> {
    fn skip(&mut self, number: u32) {
        while self.wanted.get(self.next).is_some_and(|(at, _)| *at == number) {
            self.next += 1;
        }
    }
}

impl Image {
    /// The files of the merged filesystem in which bytes stand, by name. `among` are places of names in the order of the
    /// merged filesystem, rising; without it, all are looked at.
    ///
    /// # Errors
    /// [`FileError`]. Layers that are absent are left out.
    pub async fn search(
        &self,
        manifest: usize,
        needle: &[u8],
        among: Option<&[u32]>,
        watch: &dyn Watch,
    ) -> Result<Vec<Found>, FileError> {
        let merged = self.merged(manifest, watch).await?;
        let mut wanted: Vec<Vec<(u32, u32)>> = vec![Vec::new(); merged.layers.len()];
        let mut among = among.map(|among| among.iter().copied().peekable());
        let mut number = 0u32;
        merged.tree.visit(&mut |_, _, node| {
            let this = number;
            number = number.saturating_add(1);
            if let Some(among) = &mut among {
                while among.next_if(|at| *at < this).is_some() {}
                if among.next_if_eq(&this).is_none() {
                    return;
                }
            }
            if node.attributes.kind == EntryKind::File
                && !needle.is_empty()
                && let Some(files) = wanted.get_mut(node.source.layer as usize)
            {
                files.push((node.source.entry, this));
            }
        });
        let finder = Finder::new(needle);
        let mut out = Vec::new();
        for (at, (files, layer)) in wanted.iter_mut().zip(&merged.layers).enumerate() {
            let Some(layer) = layer.as_ref().filter(|_| !files.is_empty()) else { continue };
            files.sort_unstable();
            let mut pass = LayerPass::new(self, manifest, at, layer.compression)?;
            let mut sink = Sink { finder: &finder, wanted: files, next: 0, number: 0, file: None, out: &mut out };
            while sink.next < sink.wanted.len() {
                match pass.next(self, &mut sink).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    // What stands before the damage has been looked at.
                    Err(FileError::Damaged { .. }) => break,
                    Err(error) => return Err(error),
                }
                let step = Step { phase: "read", done: pass.place(), total: None, item: Some(pass.name()) };
                watch.step(step).await;
            }
        }
        out.sort_by_key(|found| found.name);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(text: &[u8], needle: &[u8], step: usize) -> Option<Found> {
        let finder = Finder::new(needle);
        let mut file = File::default();
        text.chunks(step).for_each(|piece| file.push(piece, &finder));
        file.found
    }

    #[test]
    fn finds_across_borders_and_knows_the_line() {
        let text = b"one\ntwo TODO three\nTODOTODO\n";
        for step in 1..text.len() + 1 {
            let found = find(text, b"TODO", step).unwrap();
            assert_eq!((found.offset, found.line, found.count), (8, 2, 3), "{step}");
            assert_eq!(found.text, b"two TODO three", "{step}");
        }
        assert_eq!(find(b"aaaa", b"aa", 1).unwrap().count, 2);
        assert_eq!(find(b"abc", b"abd", 2), None);
    }

    #[test]
    fn long_lines_are_cut_and_lines_are_counted_from_afar() {
        let mut text = b"\n".repeat(5000);
        text.extend(b"x".repeat(10_000));
        text.extend(b"needle");
        text.extend(b"y".repeat(10_000));
        for step in [1, 7, 1000, 1 << 20] {
            let found = find(&text, b"needle", step).unwrap();
            assert_eq!((found.offset, found.line, found.count), (15_000, 5001, 1));
            assert!(found.text.len() >= 100 && found.text.len() <= 400, "{}", found.text.len());
        }
    }
}
