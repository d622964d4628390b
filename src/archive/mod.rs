//! Push decoders and writers: tar, gzip, zstd.
//!
//! Every decoder here is fed with `push` in pieces of any size and ended with `finish`; what it finds goes to a sink.
//! Memory is bounded by the format's own window and by limits, never by the length of the input.

pub mod checkpoint;
pub mod crc32;
pub mod decode;
pub mod gzip;
pub mod gzip_write;
pub mod inflate;
pub(crate) mod numbers;
pub mod tar;
pub mod tar_write;
pub mod zstd;
pub mod zstd_write;
