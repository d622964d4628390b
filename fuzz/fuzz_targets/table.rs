//! A table of contents with the right digest lists files whose chunks are whole and lie in the blob, or is of no use.
#![no_main]

use layerwright::layer::toc::{CHUNKED_CHECKSUM, CHUNKED_POSITION, listing};
use layerwright::oci::hash::sha256;
use libfuzzer_sys::fuzz_target;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::{Map, Value, json};

/// Where the table begins in its blob.
const FROM: u64 = 1 << 20;

fuzz_target!(|table: &[u8]| {
    let packed = compress_to_vec(table, CompressionLevel::Uncompressed);
    let mut annotations = Map::<String, Value>::new();
    annotations.insert(CHUNKED_POSITION.to_owned(), json!(format!("{FROM}:{}:{}:1", packed.len(), table.len())));
    annotations.insert(CHUNKED_CHECKSUM.to_owned(), json!(sha256(&packed).as_str()));
    let Some(listing) = listing(&annotations, &packed, FROM) else { return };
    for (entry, chunks) in &listing.chunks {
        let member = listing.index.get(*entry as usize).expect("chunks belong to an entry");
        assert_eq!(chunks.iter().map(|chunk| chunk.size).sum::<u64>(), member.size);
        assert!(chunks.iter().all(|chunk| chunk.size > 0));
        assert!(chunks.iter().filter_map(|chunk| chunk.place).all(|(from, to)| from < to && to <= FROM));
    }
});
