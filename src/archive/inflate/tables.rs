//! Tables that turn the next bits of a stream into what they stand for.
//!
//! A table has one entry for every value of the next [`LITERAL_BITS`] or [`DISTANCE_BITS`] bits. Codes that are longer
//! continue in a second table behind it. An entry of the first table may stand for up to three literals whose codes lie
//! whole within its bits.
//!
//! | bits of an entry | literals | length or distance | second table | end, invalid |
//! | --- | --- | --- | --- | --- |
//! | 0 to 5 | bits to consume | the same, extra bits counted | bits of the first table | bits to consume |
//! | 6 and 7 | how many | 0 | 0 | 0 |
//! | 8 to 12 | first literal: 8 to 15 | bits of the code | bits of the second table | |
//! | 16 to 30 | second literal: 16 to 23 | base value | where it begins | 30: end |
//! | 31 | third literal: 24 to 31 | 0 | 1 | 1 |

/// Bits that the table of literals and lengths is looked up by.
pub(super) const LITERAL_BITS: u32 = 11;
/// Bits that the table of distances is looked up by.
pub(super) const DISTANCE_BITS: u32 = 9;

/// Entries of the first and all second tables of literals and lengths: at most 2,342 for 288 codes of up to 15 bits.
pub(super) const LITERAL_SIZE: usize = 4096;
/// Entries of the first and all second tables of distances: at most 594 for 32 codes.
pub(super) const DISTANCE_SIZE: usize = 1024;

/// The entry is no literal, length or distance.
pub(super) const SPECIAL: u32 = 1 << 31;
/// With [`SPECIAL`]: the end of the block.
pub(super) const END: u32 = 1 << 30;
/// With [`SPECIAL`]: no code.
pub(super) const INVALID: u32 = 1 << 29;

/// How many literals an entry stands for.
pub(super) const fn literals(entry: u32) -> u32 {
    entry >> 6 & 3
}

/// How many bits an entry consumes.
pub(super) const fn consumed(entry: u32) -> u32 {
    entry & 63
}

/// The value of a length or distance, given the bits that begin with its code.
pub(super) const fn value(entry: u32, bits: u64) -> usize {
    let extra = (bits as u32 & ((1 << consumed(entry)) - 1)) >> (entry >> 8 & 31);
    (entry >> 16 & 0x7fff) as usize + extra as usize
}

/// Where in the second table the bits lead.
pub(super) const fn second(entry: u32, bits: u64) -> usize {
    let within = bits >> consumed(entry) & ((1 << (entry >> 8 & 31)) - 1);
    (entry >> 16 & 0x1fff) as usize + within as usize
}

/// The two tables of a block.
pub(super) struct Tables {
    pub(super) literal: [u32; LITERAL_SIZE],
    pub(super) distance: [u32; DISTANCE_SIZE],
    /// They are those of fixed codes.
    fixed: bool,
}

impl Tables {
    pub(super) fn new() -> Self {
        Self { literal: [0; LITERAL_SIZE], distance: [0; DISTANCE_SIZE], fixed: false }
    }

    /// Makes the tables of fixed codes.
    pub(super) fn set_fixed(&mut self) -> Result<(), &'static str> {
        if self.fixed {
            return Ok(());
        }
        let length = |symbol: usize| match symbol {
            0..144 => 8,
            144..256 => 9,
            256..280 => 7,
            _ => 8,
        };
        let lengths: [u8; 288] = std::array::from_fn(length);
        self.set(&lengths, &[5; 32])?;
        self.fixed = true;
        Ok(())
    }

    /// Makes the tables of the codes with these lengths.
    pub(super) fn set(&mut self, literals: &[u8], distances: &[u8]) -> Result<(), &'static str> {
        self.fixed = false;
        fill(&mut self.literal, LITERAL_BITS, literals, literal_entry)
            .map_err(|()| "the codes of literals and lengths are no complete set")?;
        if worth_joining(literals) {
            join_literals(&mut self.literal);
        }
        fill(&mut self.distance, DISTANCE_BITS, distances, distance_entry)
            .map_err(|()| "the codes of distances are no complete set")
    }
}

/// The lengths of the codes of a dynamic block are coded themselves, with codes of up to seven bits.
pub(super) type LengthTable = [u32; 128];

/// Makes the table of the codes that code the lengths of codes. The values are symbols.
pub(super) fn length_table(lengths: &[u8; 19]) -> Result<LengthTable, &'static str> {
    let mut table = [0; 128];
    let complete = lengths.iter().filter(|length| **length > 0).map(|length| 128 >> length).sum::<u32>() == 128;
    let made = fill(&mut table, 7, lengths, |symbol| (symbol as u32) << 16);
    if complete && made.is_ok() { Ok(table) } else { Err("the codes of code lengths are no complete set") }
}

const LENGTH_BASE: [u16; 29] =
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_EXTRA: [u8; 29] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

/// An entry without the length of its code.
fn literal_entry(symbol: usize) -> u32 {
    match symbol {
        0..256 => 1 << 6 | (symbol as u32) << 8,
        256 => SPECIAL | END,
        _ => match (LENGTH_BASE.get(symbol - 257), LENGTH_EXTRA.get(symbol - 257)) {
            (Some(base), Some(extra)) => u32::from(*base) << 16 | u32::from(*extra),
            _ => SPECIAL | INVALID,
        },
    }
}

fn distance_entry(symbol: usize) -> u32 {
    match symbol as u32 {
        symbol @ 0..4 => (symbol + 1) << 16,
        symbol @ 4..30 => {
            let extra = symbol / 2 - 1;
            ((((2 + symbol % 2) << extra) + 1) << 16) | extra
        }
        _ => SPECIAL | INVALID,
    }
}

/// Puts the canonical code of these lengths into a table of `root` bits. An incomplete code is refused, unless it has
/// one code of one bit or none at all, as in zlib and Go.
fn fill(table: &mut [u32], root: u32, lengths: &[u8], entry_of: impl Fn(usize) -> u32) -> Result<(), ()> {
    let mut counts = [0u32; 16];
    for length in lengths {
        *counts.get_mut(usize::from(*length)).ok_or(())? += 1;
    }
    let mut next = [0u32; 16];
    let (mut code, mut left, mut longest) = (0u32, 1i64, 0);
    for (length, (count, next)) in counts.iter().zip(&mut next).enumerate().skip(1) {
        code <<= 1;
        *next = code;
        code += count;
        left = left * 2 - i64::from(*count);
        if left < 0 {
            return Err(());
        }
        if *count > 0 {
            longest = length;
        }
    }
    if left > 0 && longest > 1 {
        return Err(());
    }
    let size = 1usize << root;
    if left > 0 {
        table.get_mut(..size).ok_or(())?.fill(SPECIAL | INVALID | 1);
    }
    // Codes that fit come first. Of the others, the entry of their first bits collects how many bits follow at most.
    if longest > root as usize {
        table.get_mut(..size).ok_or(())?.fill(0);
    }
    let mut long = [(0u16, 0u16, 0u8); 320];
    let mut longs = 0;
    for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
        let length = u32::from(*length);
        let next = next.get_mut(length as usize).ok_or(())?;
        let reversed = (*next << (32 - length)).reverse_bits();
        *next += 1;
        if length <= root {
            let entry = with_code(entry_of(symbol), length);
            for place in table.get_mut(..size).ok_or(())?.iter_mut().skip(reversed as usize).step_by(1 << length) {
                *place = entry;
            }
        } else {
            let first = table.get_mut(reversed as usize & (size - 1)).ok_or(())?;
            *first = (*first).max(length - root);
            *long.get_mut(longs).ok_or(())? = (symbol as u16, reversed as u16, length as u8);
            longs += 1;
        }
    }
    let mut free = size;
    for (symbol, reversed, length) in long.get(..longs).unwrap_or_default() {
        let reversed = usize::from(*reversed);
        let first = table.get_mut(reversed & (size - 1)).ok_or(())?;
        if *first & SPECIAL == 0 {
            let bits = *first;
            *first = SPECIAL | (free as u32) << 16 | bits << 8 | root;
            free += 1 << bits;
        }
        let (start, bits) = (*first >> 16 & 0x1fff, *first >> 8 & 31);
        let places = table.get_mut(start as usize..(start as usize) + (1 << bits)).ok_or(())?;
        let entry = with_code(entry_of(usize::from(*symbol)), u32::from(*length));
        for place in places.iter_mut().skip(reversed >> root).step_by(1 << (u32::from(*length) - root)) {
            *place = entry;
        }
    }
    Ok(())
}

/// Adds the length of the code to an entry that has no more than its count of extra bits.
fn with_code(entry: u32, length: u32) -> u32 {
    if literals(entry) > 0 || entry & SPECIAL != 0 { entry | length } else { (entry + length) | (length << 8) }
}

/// Short codes make up so much of the literals that two of them often fit into one entry: text of few letters, not
/// programs.
fn worth_joining(lengths: &[u8]) -> bool {
    let part = |length: &u8| if (1..=LITERAL_BITS as u8 / 2).contains(length) { 128 >> length } else { 0u32 };
    lengths.iter().take(256).map(part).sum::<u32>() >= 64
}

/// Lets entries stand for two or three literals where their codes fit.
fn join_literals(table: &mut [u32; LITERAL_SIZE]) {
    // What follows a literal is found at a smaller place, which has not been joined yet.
    for at in (0..1usize << LITERAL_BITS).rev() {
        let mut entry = table[at & (LITERAL_SIZE - 1)];
        if literals(entry) != 1 || consumed(entry) >= LITERAL_BITS {
            continue;
        }
        for shift in [16, 24] {
            let used = consumed(entry);
            let next = table[at >> used & (LITERAL_SIZE - 1)];
            if literals(next) != 1 || used + consumed(next) > LITERAL_BITS {
                break;
            }
            entry += 1 << 6;
            entry += consumed(next);
            entry |= (next >> 8 & 0xff) << shift;
        }
        table[at & (LITERAL_SIZE - 1)] = entry;
    }
}
