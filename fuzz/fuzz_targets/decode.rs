//! Any bytes in any compressed format are decompressed or refused, the same however they are cut into pieces; and from
//! every checkpoint the rest comes out the same.
#![no_main]

use layerwright::archive::checkpoint::{Checkpoint, Checkpoints};
use layerwright::archive::decode::{DecodeError, DecodeLimits, Decoder};
use layerwright::oci::Compression;
use libfuzzer_sys::fuzz_target;

const MOST: usize = 4 << 20;

#[derive(Debug, PartialEq)]
enum Failure {
    Decode(DecodeError),
    TooMuch,
}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

fn decode(decoder: &mut Decoder, data: &[u8], piece: usize) -> (Vec<u8>, Result<(), Failure>) {
    let mut out = Vec::new();
    let mut keep = |bytes: &[u8]| {
        out.extend_from_slice(bytes);
        if out.len() > MOST { Err(Failure::TooMuch) } else { Ok(()) }
    };
    let pushed = data.chunks(piece).try_for_each(|chunk| decoder.push(chunk, &mut keep));
    let result = pushed.and_then(|()| decoder.finish(&mut keep));
    (out, result)
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, data)) = data.split_first() else { return };
    let format = match kind % 4 {
        0 => Compression::Gzip,
        1 => Compression::Zstd,
        2 => Compression::Xz,
        _ => Compression::Bzip2,
    };
    let limits = DecodeLimits { zstd_window: 1 << 20, xz_dictionary: 1 << 20 };
    let Some(mut decoder) = Decoder::new(format, limits) else { return };
    decoder.keep_checkpoints(Checkpoints::every(32 << 10));
    let whole = decode(&mut decoder, data, data.len().max(1));
    let checkpoints = decoder.take_checkpoints();
    if matches!(format, Compression::Gzip | Compression::Zstd)
        && let Some(mut decoder) = Decoder::new(format, limits)
    {
        let cut = decode(&mut decoder, data, 7);
        assert_eq!(whole.1.is_ok(), cut.1.is_ok());
        if whole.1.is_ok() {
            assert_eq!(whole.0, cut.0);
        }
    }
    if whole.1.is_err() {
        return;
    }
    for checkpoint in checkpoints.iter() {
        let Checkpoint { compressed, plain, .. } = checkpoint;
        let Some(mut decoder) = Decoder::resume(format, limits, checkpoint) else { continue };
        let rest = decode(&mut decoder, &data[*compressed as usize..], 1000);
        assert_eq!(rest.1, Ok(()));
        assert_eq!(rest.0, whole.0[*plain as usize..]);
    }
});
