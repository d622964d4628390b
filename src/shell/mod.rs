//! The body of a `RUN`: commands, words, redirections, with spans.
//!
//! POSIX shell and bash, one grammar. [`parse`] never fails: what a shell would refuse is listed in
//! [`Script::errors`] and the rest of the script is still read.
//!
//! The parser is our own. The kept pure-Rust ones stop at the first error, and a lint of half-typed text cannot; they
//! keep positions for commands but not for every piece of a word, which the columns of the `SC####` codes need; and
//! they bring an interpreter's data model into a module that has to stay small.
//!
//! ```
//! let script = layerwright::shell::parse("apt-get update && apt-get install -y \"$PKG\"");
//! let names: Vec<String> =
//!     script.simple_commands().filter_map(|c| c.words.first().map(|w| w.rough(&script.source))).collect();
//! assert_eq!(names, ["apt-get", "apt-get"]);
//! ```

mod parse;
mod tree;
mod walk;

pub use parse::{MAX_DEPTH, parse};
pub(crate) use tree::push_literal;
pub use tree::*;
pub use walk::{Node, NodeKind, Role, walk};
