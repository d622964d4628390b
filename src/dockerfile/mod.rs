//! Dockerfiles: text to syntax tree to typed instructions.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`syntax`] | the lossless tree that [`parse`] makes |
//! | [`instruction`] | typed instructions, read from a node with [`Node::read`](syntax::Node::read) |
//! | [`mount`] | the values of `RUN --mount` and `--device` |
//! | [`check`] | the options of `# check=` |
//! | [`dockerignore`] | `.dockerignore`: patterns, matching, the walk of a context |
//! | [`report`] | tree and instructions as plain data |
//! | [`table`] | the written part of the tree as numbers |
//! | [`format`] | the same build in a tidier text |
//! | [`expand`] | variables, quotes and escapes of words |
//!
//! BuildKit is the measure: what it accepts and how it reads it. Its errors are diagnostics here, and the tree goes on
//! after them.

mod args;
pub mod check;
pub mod dockerignore;
pub mod expand;
pub mod format;
pub mod instruction;
pub mod mount;
mod parser;
pub mod patterns;
mod read;
mod regexp;
pub mod report;
mod suggest;
pub mod syntax;
pub mod table;

pub use instruction::{Instruction, Reading};
pub use parser::{parse, parse_tree};
pub use syntax::{Diagnostic, Dockerfile, Keyword, Node, Text, Word};

pub(crate) use parser::heredoc as heredoc_word;
#[cfg(feature = "edit")]
pub(crate) use read::valid_stage_name;
pub(crate) use suggest::nearest;
