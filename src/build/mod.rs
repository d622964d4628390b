//! Plan and context to image.

pub mod copy;
pub mod glob;
pub mod mode;
pub mod owner;
pub mod tree;
