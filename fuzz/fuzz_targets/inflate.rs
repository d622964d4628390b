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

/// Whether two decoders say the same of the input. At its very end one may refuse what the other, which asks for a
/// symbol's further bits first, calls cut short: then it refuses too as soon as there are more bytes, whatever they are.
fn agree(data: &[u8], reference: Option<Stop>, ours: Option<Stop>) -> bool {
    let refuses = |inflate: &mut dyn FnMut(&[u8]) -> Option<Stop>| {
        [0, 0xff].iter().all(|byte| inflate(&[data, &[*byte; 8]].concat()).is_none())
    };
    match (reference, ours) {
        (None, Some(Stop::Input)) => refuses(&mut |more| decode(&mut Inflater::default(), more, usize::MAX, u64::MAX).1),
        (Some(Stop::Input), None) => refuses(&mut |more| {
            let mut reference = Miniz::default();
            reference.reset();
            decode(&mut reference, more, usize::MAX, u64::MAX).1
        }),
        (reference, ours) => reference == ours,
    }
}

fuzz_target!(|data: &[u8]| {
    let reference = &mut Miniz::default();
    reference.reset();
    let want = decode(reference, data, usize::MAX, u64::MAX);
    for piece in [usize::MAX, 1, 7] {
        let got = decode(&mut Inflater::default(), data, piece, u64::MAX);
        assert!(agree(data, want.1, got.1), "{:?}, {:?}", want.1, got.1);
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
        assert!(agree(data, want.1, rest.1), "{:?}, {:?}", want.1, rest.1);
        if want.1 == Some(Stop::End) {
            out.extend_from_slice(&rest.0);
            assert_eq!(want.0, out);
        }
    }
});
