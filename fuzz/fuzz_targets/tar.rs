//! Any bytes are read as a tar or refused, the same however they are cut into pieces.
#![no_main]

use layerwright::archive::tar::{Entry, TarError, TarLimits, TarReader, TarSink};
use libfuzzer_sys::fuzz_target;

/// What was seen: names and sizes, and how many bytes of data came.
#[derive(Default, Debug, PartialEq)]
struct Seen {
    entries: Vec<(Vec<u8>, u64)>,
    data: u64,
    ends: usize,
}

impl TarSink for Seen {
    fn entry(&mut self, entry: &Entry) {
        self.entries.push((entry.path.clone(), entry.size));
    }
    fn data(&mut self, bytes: &[u8]) {
        self.data += bytes.len() as u64;
    }
    fn hole(&mut self, length: u64) {
        self.data = self.data.wrapping_add(length);
    }
    fn end(&mut self) {
        self.ends += 1;
    }
}

fn read(data: &[u8], piece: usize) -> (Seen, Result<(), TarError>) {
    let mut reader = TarReader::new(TarLimits::default());
    let mut seen = Seen::default();
    let result = data.chunks(piece).try_for_each(|c| reader.push(c, &mut seen)).and_then(|()| reader.finish());
    (seen, result)
}

fuzz_target!(|data: &[u8]| {
    let whole = read(data, data.len().max(1));
    assert_eq!(whole, read(data, 7));
});
