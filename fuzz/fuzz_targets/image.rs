//! Any bytes are opened, verified and listed, at random places and as a stream, or refused.
#![no_main]

use layerwright::image::{Image, Limits, StreamOpener, Unwatched};
use libfuzzer_sys::fuzz_target;
use pollster::block_on;
use std::rc::Rc;

fn limits() -> Limits {
    let mut limits = Limits { outer_memory: 8 << 20, ..Limits::default() };
    limits.layer.unpacked = 64 << 20;
    limits
}

fn look(image: &Image) {
    std::hint::black_box(block_on(image.verify(&Unwatched)).ok());
    let images: Vec<usize> = image.images().map(|(i, _)| i).collect();
    for i in images {
        std::hint::black_box(block_on(image.tree(i, None, &Unwatched)).ok());
    }
}

fuzz_target!(|data: &[u8]| {
    if let Ok(image) = block_on(Image::open(Rc::new(data.to_vec()), limits(), &Unwatched)) {
        look(&image);
    }
    let mut stream = StreamOpener::new(limits(), None);
    if data.chunks(4096).try_for_each(|c| stream.push(c)).is_ok()
        && let Ok(image) = block_on(stream.finish(&Unwatched))
    {
        look(&image);
    }
});
