//! Plan and context to image.

pub mod tree;
