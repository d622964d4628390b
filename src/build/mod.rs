//! Plan and context to image.

pub mod context;
pub mod copy;
pub mod diff;
pub mod error;
pub mod glob;
pub mod layer;
pub mod mode;
pub mod owner;
pub mod run;
pub mod step;
pub mod tree;
pub mod unpack;
