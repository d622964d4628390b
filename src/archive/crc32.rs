//! CRC-32 as gzip uses it (RFC 1952, section 8): reflected polynomial 0xEDB88320.

use std::cell::Cell;
use std::sync::LazyLock;

/// Bytes that one step takes in. With half as many it takes twice the time.
const STEP: usize = 16;

/// What each byte of a step adds, the last byte's table first.
static TABLES: LazyLock<[[u32; 256]; STEP]> = LazyLock::new(|| {
    let mut table: [u32; 256] = std::array::from_fn(|byte| {
        (0..8).fold(byte as u32, |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    });
    let first = table;
    let mut tables = [first; STEP];
    for place in tables.iter_mut().skip(1) {
        table = table.map(|last| (last >> 8) ^ first[(last & 0xff) as usize]);
        *place = table;
    }
    tables
});

/// A CRC-32 of the host: takes bytes and the checksum of what came before them, gives the checksum of all.
pub type HostCrc32 = fn(&[u8], u32) -> u32;

thread_local! {
    static HOST: Cell<Option<HostCrc32>> = const { Cell::new(None) };
}

/// Sets whose CRC-32 this thread uses for what is long; `None` for our own.
pub fn use_host(crc32: Option<HostCrc32>) {
    HOST.set(crc32);
}

/// Bytes from which on a call of the host is worth its while.
const HOST_FROM: usize = 4 << 10;

/// A running CRC-32. Sixteen bytes a step, so that it is not what a layer waits for.
#[derive(Clone, Copy, Debug)]
pub struct Crc32(u32);

impl Default for Crc32 {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl Crc32 {
    /// Goes on from the checksum of what came before.
    pub fn from_value(value: u32) -> Self {
        Self(!value)
    }

    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        if bytes.len() >= HOST_FROM
            && let Some(host) = HOST.get()
        {
            self.0 = !host(bytes, !self.0);
            return;
        }
        let tables = &*TABLES;
        let look = |table: usize, value: u32| tables[table][(value & 0xff) as usize];
        let word = |at: usize, word: u32| {
            look(at + 3, word) ^ look(at + 2, word >> 8) ^ look(at + 1, word >> 16) ^ look(at, word >> 24)
        };
        let mut crc = self.0;
        let (steps, rest) = bytes.as_chunks::<STEP>();
        for step in steps {
            let [a, b, c, d] =
                [0, 4, 8, 12].map(|at| u32::from_le_bytes([step[at], step[at + 1], step[at + 2], step[at + 3]]));
            // The first word comes last: it is the one that waits for the step before.
            crc = word(8, b) ^ word(4, c) ^ word(0, d) ^ word(12, crc ^ a);
        }
        for byte in rest {
            crc = (crc >> 8) ^ look(0, crc ^ u32::from(*byte));
        }
        self.0 = crc;
    }

    /// The checksum of all bytes so far.
    pub fn value(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_gives_what_its_bytes_give() {
        let text: Vec<u8> = (0..1000u32).map(|n| ((n * n) >> 3) as u8).collect();
        let mut whole = Crc32::default();
        whole.update(&text);
        let mut single = Crc32::default();
        text.iter().for_each(|byte| single.update(&[*byte]));
        assert_eq!(whole.value(), single.value());
    }

    #[test]
    fn agrees_with_the_check_value_however_it_is_cut() {
        let text = b"123456789";
        for cut in 0..=text.len() {
            let mut crc = Crc32::default();
            crc.update(&text[..cut]);
            crc.update(&text[cut..]);
            assert_eq!(crc.value(), 0xcbf4_3926);
        }
    }
}
