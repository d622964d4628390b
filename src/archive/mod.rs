//! Push decoders and writers: tar, gzip, zstd.

pub mod crc32;
pub mod gzip_write;
pub mod tar_write;
