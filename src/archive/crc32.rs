//! CRC-32 as gzip uses it (RFC 1952, section 8): reflected polynomial 0xEDB88320.

use std::cell::Cell;

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0u32; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let last = tables[table - 1][byte];
            tables[table][byte] = (last >> 8) ^ tables[0][(last & 0xff) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

static TABLES: [[u32; 256]; 8] = tables();

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

/// A running CRC-32. Eight bytes a step, so that it is not what a layer waits for.
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
        let look = |table: usize, value: u32| TABLES[table][(value & 0xff) as usize];
        let mut crc = self.0;
        let (chunks, rest) = bytes.as_chunks::<8>();
        for chunk in chunks {
            let low = crc ^ u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
            let high = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
            crc = look(7, low)
                ^ look(6, low >> 8)
                ^ look(5, low >> 16)
                ^ look(4, low >> 24)
                ^ look(3, high)
                ^ look(2, high >> 8)
                ^ look(1, high >> 16)
                ^ look(0, high >> 24);
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
