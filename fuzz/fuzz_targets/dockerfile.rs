//! Any bytes are a Dockerfile: the tree holds every byte, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let tree = layerwright::dockerfile::parse(data);
    std::hint::black_box(&tree);
});
