//! The decoder that reads layers.

use super::tables::{
    DISTANCE_BITS, DISTANCE_SIZE, END, INVALID, LITERAL_BITS, LITERAL_SIZE, LengthTable, SPECIAL, Tables, consumed,
    length_table, literals, second, value,
};
use super::{BadDeflate, Boundary, Inflate, Inflated, Stop, WINDOW};

/// The longest match.
const MATCH: usize = 258;
/// Room that the fast loop wants: a match, what a copy in whole words writes beyond its end, and the literals of one turn.
const ROOM: usize = MATCH + 32;
/// Bytes of input that the fast loop wants: what it reads in one turn.
const AHEAD: usize = 16;
/// The buffer of a stream that turns out to be longer than [`SMALL`]. It fits a second-level cache.
const BUFFER: usize = 256 << 10;
/// The buffer that every stream begins with.
const SMALL: usize = 48 << 10;

/// The order in which the lengths of the codes of code lengths come.
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// What comes next in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// The header of a block.
    Header,
    /// The length of a stored block.
    StoredLength,
    /// The content of a stored block.
    Stored(usize),
    /// How many codes a dynamic block has.
    Counts,
    /// The lengths of the codes of code lengths.
    CodeLengths(usize),
    /// The lengths of codes.
    Lengths(usize),
    /// Literals and matches.
    Body,
    /// Nothing.
    End,
}

/// Why the decoder pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// It has no more input.
    Input,
    /// It has no more room.
    Room,
    /// A block has ended.
    Block,
    /// The stream has ended.
    End,
}

/// A decoder of raw deflate written for wasm.
///
/// It keeps up to 64 bits of input in one word, decodes up to three literals with one look-up, copies matches in whole
/// words, and writes into one buffer that holds the last 32 KiB too, so that whoever hashes and walks the output sees
/// large slices and nothing is copied twice. All of it is safe code.
///
/// Why not a library: measured in wasm with SIMD beside `gzip -dc` on a layer of Debian and npm packages, `zlib-rs` has
/// 3.1 to 3.3 times gzip's speed, this one 3.8, `miniz_oxide` 1.7 to 2.1. And the safe interface of `zlib-rs` does not
/// tell the state between blocks in a form that can be kept, which reading in the middle of a layer needs, and it copies
/// what it makes once more.
pub struct Inflater {
    /// Input that is not used up, the next bit lowest. What stands above `count` is 0.
    bits: u64,
    count: u32,
    mode: Mode,
    /// This block is the last.
    last: bool,
    tables: Box<Tables>,
    lengths: [u8; 320],
    /// Lengths of the codes of code lengths, then their table.
    code_lengths: [u8; 19],
    length_table: LengthTable,
    literal_codes: usize,
    distance_codes: usize,
    length_codes: usize,
    /// The window and what comes behind it.
    buffer: Vec<u8>,
    /// Where the next byte goes.
    at: usize,
    /// Up to where the output was handed out.
    sent: usize,
    /// Output that has left the buffer; less than nothing where it began with a window.
    gone: u64,
}

impl Default for Inflater {
    fn default() -> Self {
        Self {
            bits: 0,
            count: 0,
            mode: Mode::Header,
            last: false,
            tables: Box::new(Tables::new()),
            lengths: [0; 320],
            code_lengths: [0; 19],
            length_table: [0; 128],
            literal_codes: 0,
            distance_codes: 0,
            length_codes: 0,
            buffer: Vec::new(),
            at: 0,
            sent: 0,
            gone: 0,
        }
    }
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Inflater").field("mode", &self.mode).field("at", &self.at).finish_non_exhaustive()
    }
}

impl Inflate for Inflater {
    fn reset(&mut self) {
        (self.bits, self.count, self.mode, self.last) = (0, 0, Mode::Header, false);
        (self.at, self.sent, self.gone) = (0, 0, 0);
    }

    fn inflate<E>(
        &mut self,
        input: &[u8],
        pause: u64,
        out: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<Result<Inflated, E>, BadDeflate> {
        let mut taken = 0;
        loop {
            self.make_room();
            let event = self.decode(input, &mut taken);
            if event == Ok(Event::Block) && self.made() < pause {
                continue;
            }
            let sent = std::mem::replace(&mut self.sent, self.at);
            let piece = self.buffer.get(sent..self.at).unwrap_or_default();
            if !piece.is_empty()
                && let Err(error) = out(piece)
            {
                return Ok(Err(error));
            }
            let stop = match event.map_err(|what| BadDeflate { taken, what })? {
                Event::Room => continue,
                Event::Input => Stop::Input,
                Event::Block => Stop::Boundary,
                Event::End => Stop::End,
            };
            return Ok(Ok(Inflated { taken, stop }));
        }
    }

    fn boundary(&self) -> Option<Boundary<'_>> {
        let window = self.buffer.get(self.at.saturating_sub(WINDOW)..self.at)?;
        (self.mode == Mode::Header).then_some(Boundary { bits: self.count as u8, left: self.bits as u8, window })
    }
}

impl Inflater {
    /// Goes on where a stream was left between two blocks.
    pub fn resume(boundary: Boundary<'_>) -> Self {
        let window = boundary.window;
        let window = window.get(window.len().saturating_sub(WINDOW)..).unwrap_or_default();
        let count = u32::from(boundary.bits.min(7));
        Self {
            bits: u64::from(boundary.left) & ((1 << count) - 1),
            count,
            buffer: window.to_vec(),
            at: window.len(),
            sent: window.len(),
            gone: 0u64.wrapping_sub(window.len() as u64),
            ..Self::default()
        }
    }

    /// Output since the stream began.
    fn made(&self) -> u64 {
        self.gone.wrapping_add(self.at as u64)
    }

    /// Sees to it that there is room behind the window. All output was handed out.
    fn make_room(&mut self) {
        if self.buffer.len().saturating_sub(self.at) > ROOM {
            return;
        }
        if self.buffer.len() < SMALL {
            self.buffer.resize(SMALL, 0);
        } else if self.buffer.len() < BUFFER {
            self.buffer.resize(BUFFER, 0);
        } else if self.at == self.sent {
            self.buffer.copy_within(self.at - WINDOW..self.at, 0);
            self.gone = self.gone.wrapping_add((self.at - WINDOW) as u64);
            self.at = WINDOW;
            self.sent = WINDOW;
        }
    }

    /// Takes bytes into the word while they fit.
    fn fill(&mut self, input: &[u8], taken: &mut usize) {
        while self.count <= 56
            && let Some(byte) = input.get(*taken)
        {
            self.bits |= u64::from(*byte) << self.count;
            self.count += 8;
            *taken += 1;
        }
    }

    /// Gives back the whole bytes of the word. They come from this input: whatever was left of an earlier one did not
    /// suffice for the next symbol, and has been used up since.
    fn give_back(&mut self, taken: &mut usize) {
        let bytes = (self.count / 8).min(u32::try_from(*taken).unwrap_or(u32::MAX));
        *taken -= bytes as usize;
        self.count -= bytes * 8;
        self.bits &= (1 << self.count) - 1;
    }

    fn consume(&mut self, count: u32) {
        self.bits >>= count;
        self.count -= count;
    }

    /// The next `count` bits, if they are there.
    fn take(&mut self, count: u32) -> Option<u32> {
        if self.count < count {
            return None;
        }
        let value = self.bits & ((1 << count) - 1);
        self.consume(count);
        Some(value as u32)
    }

    /// Decodes until something happens.
    fn decode(&mut self, input: &[u8], taken: &mut usize) -> Result<Event, &'static str> {
        loop {
            self.fill(input, taken);
            match self.mode {
                Mode::Header => {
                    let Some(header) = self.take(3) else { return Ok(Event::Input) };
                    self.last = header & 1 == 1;
                    self.mode = match header >> 1 {
                        0 => Mode::StoredLength,
                        1 => {
                            self.tables.set_fixed()?;
                            Mode::Body
                        }
                        2 => Mode::Counts,
                        _ => return Err("a block of the reserved type"),
                    };
                    if self.mode == Mode::StoredLength {
                        self.consume(self.count & 7);
                    }
                }
                Mode::StoredLength => {
                    let Some(lengths) = self.take(32) else { return Ok(Event::Input) };
                    if lengths >> 16 != !lengths & 0xffff {
                        return Err("the length of a stored block does not match its complement");
                    }
                    self.mode = Mode::Stored((lengths & 0xffff) as usize);
                }
                Mode::Stored(0) => {
                    if let Some(event) = self.end_block(taken) {
                        return Ok(event);
                    }
                }
                Mode::Stored(left) => {
                    self.give_back(taken);
                    let rest = input.get(*taken..).unwrap_or_default();
                    let room = self.buffer.len().saturating_sub(self.at);
                    let length = left.min(rest.len()).min(room);
                    if let (Some(to), Some(from)) = (self.buffer.get_mut(self.at..self.at + length), rest.get(..length))
                    {
                        to.copy_from_slice(from);
                    }
                    self.at += length;
                    *taken += length;
                    self.mode = Mode::Stored(left - length);
                    if length < left {
                        return Ok(if room == length { Event::Room } else { Event::Input });
                    }
                }
                Mode::Counts => {
                    let Some(counts) = self.take(14) else { return Ok(Event::Input) };
                    self.literal_codes = (counts & 31) as usize + 257;
                    self.distance_codes = (counts >> 5 & 31) as usize + 1;
                    self.length_codes = (counts >> 10) as usize + 4;
                    if self.literal_codes > 286 || self.distance_codes > 30 {
                        return Err("a block with too many codes");
                    }
                    self.code_lengths = [0; 19];
                    self.mode = Mode::CodeLengths(0);
                }
                Mode::CodeLengths(number) => {
                    if number == self.length_codes {
                        self.length_table = length_table(&self.code_lengths)?;
                        self.mode = Mode::Lengths(0);
                        continue;
                    }
                    let Some(length) = self.take(3) else { return Ok(Event::Input) };
                    let place = ORDER.get(number).and_then(|symbol| self.code_lengths.get_mut(usize::from(*symbol)));
                    if let Some(place) = place {
                        *place = length as u8;
                    }
                    self.mode = Mode::CodeLengths(number + 1);
                }
                Mode::Lengths(number) => {
                    if !self.lengths(number)? {
                        return Ok(Event::Input);
                    }
                }
                Mode::Body => {
                    let room = self.buffer.len().saturating_sub(self.at);
                    if room <= ROOM {
                        return Ok(Event::Room);
                    }
                    let ended = if input.len() - *taken >= AHEAD {
                        self.give_back(taken);
                        self.fast(input, taken)?
                    } else {
                        let Some(ended) = self.symbol()? else { return Ok(Event::Input) };
                        ended
                    };
                    if ended && let Some(event) = self.end_block(taken) {
                        return Ok(event);
                    }
                }
                Mode::End => return Ok(Event::End),
            }
        }
    }

    /// A block has ended.
    fn end_block(&mut self, taken: &mut usize) -> Option<Event> {
        self.give_back(taken);
        if self.last {
            // What is left of the last byte is padding.
            self.consume(self.count);
            self.mode = Mode::End;
            return Some(Event::End);
        }
        self.mode = Mode::Header;
        Some(Event::Block)
    }

    /// One length of a code, or a repetition of one. Says whether there was enough input.
    fn lengths(&mut self, number: usize) -> Result<bool, &'static str> {
        let total = self.literal_codes + self.distance_codes;
        if number == total {
            let (literals, rest) = self.lengths.split_at_checked(self.literal_codes).unwrap_or_default();
            self.tables.set(literals, rest.get(..self.distance_codes).unwrap_or_default())?;
            self.mode = Mode::Body;
            return Ok(true);
        }
        let entry = self.length_table[(self.bits & 127) as usize];
        let symbol = entry >> 16;
        let (base, extra) = match symbol {
            16 => (3, 2),
            17 => (3, 3),
            18 => (11, 7),
            _ => (1, 0),
        };
        if self.count < consumed(entry) + extra {
            return Ok(false);
        }
        self.consume(consumed(entry));
        let repeat = base + self.take(extra).unwrap_or(0) as usize;
        let length = match symbol {
            16 => {
                let before = number.checked_sub(1).and_then(|before| self.lengths.get(before));
                *before.ok_or("a repeated code length without one before it")?
            }
            17 | 18 => 0,
            _ => symbol as u8,
        };
        if number + repeat > total {
            return Err("more code lengths than codes");
        }
        if let Some(places) = self.lengths.get_mut(number..number + repeat) {
            places.fill(length);
        }
        self.mode = Mode::Lengths(number + repeat);
        Ok(true)
    }

    /// One symbol, where there may be too few bits for it. Says whether the block has ended; `None` if there are too few.
    fn symbol(&mut self) -> Result<Option<bool>, &'static str> {
        let tables = &*self.tables;
        let mut bits = self.bits;
        let mut entry = tables.literal[(bits & ((1 << LITERAL_BITS) - 1)) as usize];
        if entry & (SPECIAL | END | INVALID) == SPECIAL && literals(entry) == 0 {
            entry = tables.literal[second(entry, bits) & (LITERAL_SIZE - 1)];
        }
        if consumed(entry) > self.count {
            return Ok(None);
        }
        let many = literals(entry);
        if many > 0 {
            if let Some(to) = self.buffer.get_mut(self.at..).and_then(|buffer| buffer.first_chunk_mut::<4>()) {
                *to = (entry >> 8).to_le_bytes();
            }
            self.at += many as usize;
            self.consume(consumed(entry));
            return Ok(Some(false));
        }
        if entry & SPECIAL != 0 {
            if entry & END == 0 {
                return Err("a code that stands for nothing");
            }
            self.consume(consumed(entry));
            return Ok(Some(true));
        }
        let length = value(entry, bits);
        bits >>= consumed(entry);
        let mut far = tables.distance[(bits & ((1 << DISTANCE_BITS) - 1)) as usize];
        if far & (SPECIAL | INVALID) == SPECIAL {
            far = tables.distance[second(far, bits) & (DISTANCE_SIZE - 1)];
        }
        if consumed(entry) + consumed(far) > self.count {
            return Ok(None);
        }
        if far & SPECIAL != 0 {
            return Err("a code of a distance that stands for nothing");
        }
        let distance = value(far, bits);
        if distance > self.at {
            return Err("a distance that reaches back beyond the beginning");
        }
        copy(&mut self.buffer, self.at, distance, length);
        self.at += length;
        self.consume(consumed(entry) + consumed(far));
        Ok(Some(false))
    }

    /// As many symbols as there are surely input and room for. Says whether the block has ended.
    fn fast(&mut self, input: &[u8], taken: &mut usize) -> Result<bool, &'static str> {
        let Tables { literal: table, distance: distances, .. } = &*self.tables;
        let buffer = self.buffer.as_mut_slice();
        let (mut bits, mut count, mut at, mut from) = (self.bits, self.count, self.at, *taken);
        let room = buffer.len().saturating_sub(ROOM);
        let enough = input.len().saturating_sub(AHEAD);
        let mut result = Ok(false);
        // The word holds at least 56 bits after this. Bits above `count` may be set: they are those of the input that
        // come next, and the next time sets them again.
        macro_rules! refill {
            () => {
                if let Some(word) = input.get(from..).and_then(|rest| rest.first_chunk::<8>()) {
                    bits |= u64::from_le_bytes(*word) << count;
                    from += ((63 - count) >> 3) as usize;
                    count |= 56;
                }
            };
        }
        macro_rules! consume {
            ($entry:expr) => {
                bits >>= consumed($entry);
                count -= consumed($entry);
            };
        }
        macro_rules! look {
            () => {
                table[(bits & ((1 << LITERAL_BITS) - 1)) as usize]
            };
        }
        macro_rules! put {
            ($entry:expr) => {
                if let Some(to) = buffer.get_mut(at..).and_then(|buffer| buffer.first_chunk_mut::<4>()) {
                    *to = ($entry >> 8).to_le_bytes();
                }
                at += literals($entry) as usize;
            };
        }
        // The next look-up is made before the match before it is copied, so that the two go on side by side.
        refill!();
        let mut next = look!();
        while at < room && from <= enough {
            refill!();
            let mut entry = next;
            if literals(entry) > 0 {
                put!(entry);
                consume!(entry);
                entry = look!();
                if literals(entry) > 0 {
                    put!(entry);
                    consume!(entry);
                    entry = look!();
                    if literals(entry) > 0 {
                        put!(entry);
                        consume!(entry);
                        entry = look!();
                        if literals(entry) > 0 {
                            put!(entry);
                            consume!(entry);
                            next = look!();
                            continue;
                        }
                    }
                }
            }
            // 23 bits at least are left, and a length takes up to 20.
            if entry & SPECIAL != 0 {
                if entry & (END | INVALID) == 0 {
                    entry = table[second(entry, bits) & (LITERAL_SIZE - 1)];
                    if literals(entry) > 0 {
                        put!(entry);
                        consume!(entry);
                        next = look!();
                        continue;
                    }
                }
                if entry & SPECIAL != 0 {
                    if entry & END != 0 {
                        consume!(entry);
                        result = Ok(true);
                    } else {
                        result = Err("a code that stands for nothing");
                    }
                    break;
                }
            }
            let length = value(entry, bits);
            consume!(entry);
            // A distance takes up to 28, and the next look-up wants its bits.
            if count < 28 + LITERAL_BITS {
                refill!();
            }
            let mut entry = distances[(bits & ((1 << DISTANCE_BITS) - 1)) as usize];
            if entry & SPECIAL != 0 {
                if entry & INVALID == 0 {
                    entry = distances[second(entry, bits) & (DISTANCE_SIZE - 1)];
                }
                if entry & SPECIAL != 0 {
                    result = Err("a code of a distance that stands for nothing");
                    break;
                }
            }
            let distance = value(entry, bits);
            consume!(entry);
            if distance > at {
                result = Err("a distance that reaches back beyond the beginning");
                break;
            }
            next = look!();
            copy(buffer, at, distance, length);
            at += length;
        }
        (self.bits, self.count, self.at, *taken) = (bits, count, at, from);
        self.give_back(taken);
        result
    }
}

/// Copies `length` bytes from `distance` back to `at`, in whole words: up to 31 bytes behind the end are overwritten.
#[inline(always)]
fn copy(buffer: &mut [u8], at: usize, distance: usize, length: usize) {
    let (mut from, mut to) = (at - distance, at);
    let end = at + length;
    if distance >= 32 {
        // Most matches are shorter than this, and nobody can guess which.
        let Some(word) = buffer.get(from..).and_then(|buffer| buffer.first_chunk::<32>()) else { return };
        let word = *word;
        let Some(place) = buffer.get_mut(to..).and_then(|buffer| buffer.first_chunk_mut::<32>()) else { return };
        *place = word;
        from += 32;
        to += 32;
    }
    if distance >= 16 {
        while to < end {
            let Some(word) = buffer.get(from..).and_then(|buffer| buffer.first_chunk::<16>()) else { return };
            let word = *word;
            let Some(place) = buffer.get_mut(to..).and_then(|buffer| buffer.first_chunk_mut::<16>()) else { return };
            *place = word;
            from += 16;
            to += 16;
        }
    } else if distance == 1 {
        let byte = buffer.get(from).copied().unwrap_or_default();
        if let Some(places) = buffer.get_mut(to..end) {
            places.fill(byte);
        }
    } else {
        // Each word is right in its first `distance` bytes, and the next one begins behind them.
        let step = distance.min(8);
        while to < end {
            let Some(word) = buffer.get(from..).and_then(|buffer| buffer.first_chunk::<8>()) else { return };
            let word = *word;
            let Some(place) = buffer.get_mut(to..).and_then(|buffer| buffer.first_chunk_mut::<8>()) else { return };
            *place = word;
            from += step;
            to += step;
        }
    }
}
