//! Push decoders and writers: tar, gzip, zstd.
