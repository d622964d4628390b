//! Dockerfiles: text to syntax tree to typed instructions.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`syntax`] | the lossless tree |
//! | [`instruction`] | typed instructions, read from a node |

pub mod instruction;
pub mod syntax;

pub use instruction::{Instruction, Reading};
pub use syntax::{Diagnostic, Dockerfile, Keyword, Node, Text, Word};

pub mod patterns;
