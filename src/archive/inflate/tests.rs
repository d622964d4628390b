use super::*;
use miniz_oxide::deflate::compress_to_vec;
use proptest::prelude::*;

/// What comes out, however the input is cut, or what is wrong.
fn decode<I: Inflate + Default>(mut input: &[u8], step: usize) -> (Vec<u8>, Option<Stop>) {
    let mut inflate = I::default();
    inflate.reset();
    let mut out = Vec::new();
    loop {
        let piece = &input[..step.min(input.len())];
        let mut keep = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            Ok::<(), ()>(())
        };
        match inflate.inflate(piece, u64::MAX, &mut keep) {
            Ok(done) => {
                let Inflated { taken, stop } = done.unwrap();
                input = &input[taken..];
                if stop == Stop::End || input.is_empty() {
                    return (out, Some(stop));
                }
                assert_eq!(taken, piece.len());
            }
            Err(_) => return (out, None),
        }
    }
}

fn agree(input: &[u8]) {
    let want = decode::<Miniz>(input, usize::MAX);
    for step in [usize::MAX, 1, 7, 100] {
        let got = decode::<Inflater>(input, step);
        assert_eq!(got.1, want.1, "pieces of {step}");
        if want.1 == Some(Stop::End) {
            assert!(got.0 == want.0, "pieces of {step}");
        }
    }
}

/// Content of all kinds: long repetitions, short ones, text, and noise.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        (any::<u8>(), 1..3000usize).prop_map(|(byte, length)| vec![byte; length]),
        (prop::collection::vec(any::<u8>(), 1..20), 1..400usize).prop_map(|(part, times)| part.repeat(times)),
        "[a-z ]{1,600}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 1..2000),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn agrees_with_the_reference(content in content(), level in 0u8..=10) {
        let input = compress_to_vec(&content, level);
        prop_assert!(decode::<Inflater>(&input, usize::MAX) == (content, Some(Stop::End)));
        agree(&input);
    }

    #[test]
    fn agrees_with_the_reference_on_damage(content in content(), level in 0u8..=10, at: prop::sample::Index, bit in 0u8..8) {
        let mut input = compress_to_vec(&content, level);
        let at = at.index(input.len());
        input[at] ^= 1u8 << bit;
        agree(&input);
    }

    #[test]
    fn agrees_with_the_reference_on_noise(mut input in prop::collection::vec(any::<u8>(), 1..400), kind in 0u8..3) {
        // A first block of any of the three kinds.
        input[0] = input[0] & !7 | kind << 1 | input[0] & 1;
        agree(&input);
    }

    #[test]
    fn goes_on_between_blocks(content in content(), level in 1u8..=9, pause in 0..100_000u64) {
        // Stored blocks, then whatever blocks the compressor makes.
        let mut input = Vec::new();
        for part in content.chunks(5000) {
            let length = part.len() as u16;
            input.push(0);
            input.extend_from_slice(&length.to_le_bytes());
            input.extend_from_slice(&(!length).to_le_bytes());
            input.extend_from_slice(part);
        }
        input.extend_from_slice(&compress_to_vec(&content, level));
        let mut first = Inflater::default();
        let mut before = Vec::new();
        let Inflated { taken, stop } = first.inflate(&input, pause, &mut |bytes: &[u8]| {
            before.extend_from_slice(bytes);
            Ok::<(), ()>(())
        }).unwrap().unwrap();
        if stop == Stop::Boundary {
            prop_assert!(before.len() as u64 >= pause);
            let boundary = first.boundary().unwrap();
            prop_assert!(before.ends_with(boundary.window) && boundary.window.len() == before.len().min(WINDOW));
            let last = u32::from(input[..taken].last().copied().unwrap_or_default());
            prop_assert_eq!(u32::from(boundary.left), last >> (8 - boundary.bits) & ((1 << boundary.bits) - 1));
            let mut second = Inflater::resume(boundary);
            second.inflate(&input[taken..], u64::MAX, &mut |bytes: &[u8]| {
                before.extend_from_slice(bytes);
                Ok::<(), ()>(())
            }).unwrap().unwrap();
            prop_assert!(before == [&content[..], &content[..]].concat());
        }
    }
}

#[test]
fn codes_of_every_length_and_far_distances() {
    // Frequencies that fall by half give codes of up to fifteen bits, in second tables.
    let mut content = Vec::new();
    for symbol in 0..40u8 {
        content.extend(std::iter::repeat_n(symbol, 1 << (18 - (symbol / 2).min(18))));
    }
    let mut state = 1u32;
    for at in (1..content.len()).rev() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        content.swap(at, (state >> 8) as usize % (at + 1));
    }
    let far = content.clone();
    content.extend_from_slice(&far[far.len() - WINDOW..]);
    for level in [1, 6, 9] {
        agree(&compress_to_vec(&content, level));
    }
}

#[test]
fn what_is_wrong_is_named() {
    let wrong = |input: &[u8]| {
        let result = Inflater::default().inflate(input, u64::MAX, &mut |_: &[u8]| Ok::<(), ()>(()));
        result.unwrap_err().what
    };
    assert_eq!(wrong(&[7]), "a block of the reserved type");
    assert_eq!(wrong(&[1, 1, 0, 0, 0]), "the length of a stored block does not match its complement");
    // A fixed block that begins with a match.
    assert_eq!(wrong(&[0x03, 0x02, 0, 0, 0]), "a distance that reaches back beyond the beginning");
}
