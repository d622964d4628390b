//! Any bytes are inflated as the reference does it, or refused as it refuses them, however they are cut into pieces; and
//! from every boundary between blocks the rest comes out the same.
#![no_main]

use layerwright::archive::inflate::{Inflate, Inflated, Inflater, Miniz, Stop};
use libfuzzer_sys::fuzz_target;

/// More than this is a waste of time to decode.
const MOST: usize = 4 << 20;

/// What comes out, and how it ended: `None` for an error.
fn decode<I: Inflate>(inflate: &mut I, mut input: &[u8], piece: usize, pause: u64) -> (Vec<u8>, Option<Stop>, usize) {
    let mut out = Vec::new();
    let mut taken_in_all = 0;
    loop {
        let (part, _) = input.split_at(piece.min(input.len()));
        let result = inflate.inflate(part, pause, &mut |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            if out.len() > MOST { Err(()) } else { Ok(()) }
        });
        match result {
            Ok(Ok(Inflated { taken, stop })) => {
                taken_in_all += taken;
                input = &input[taken..];
                if stop != Stop::Input || input.is_empty() {
                    return (out, Some(stop), taken_in_all);
                }
            }
            Ok(Err(())) => return (Vec::new(), Some(Stop::Input), 0),
            Err(_) => return (out, None, 0),
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let reference = &mut Miniz::default();
    reference.reset();
    let want = decode(reference, data, usize::MAX, u64::MAX);
    for piece in [usize::MAX, 1, 7] {
        let got = decode(&mut Inflater::default(), data, piece, u64::MAX);
        assert_eq!(want.1, got.1);
        if want.1 == Some(Stop::End) {
            assert_eq!(want.0, got.0);
            assert_eq!(want.2, got.2);
        }
    }
    let mut first = Inflater::default();
    let (mut out, stop, taken) = decode(&mut first, data, usize::MAX, 1);
    if stop == Some(Stop::Boundary)
        && let Some(boundary) = first.boundary()
    {
        let rest = decode(&mut Inflater::resume(boundary), &data[taken..], 5, u64::MAX);
        assert_eq!(want.1, rest.1);
        if want.1 == Some(Stop::End) {
            out.extend_from_slice(&rest.0);
            assert_eq!(want.0, out);
        }
    }
});
