//! The body of a `RUN`: commands, words, redirections, with spans.
//!
//! POSIX shell and bash, one grammar. [`parse`] never fails: what a shell would refuse is listed in
//! [`Script::errors`] and the rest of the script is still read.
//!
//! The parser is our own. Three pure-Rust ones were tried on 5,883 real `RUN` bodies that a shell accepts:
//! `brush-parser` 0.3 reads 5,881 of them, `yash-syntax` 0.17 reads 5,860, `conch-parser` 0.1 reads 5,856, in 3 to 12
//! times the time that this one takes for all. All three stop at the first error, and a lint of half-typed text cannot;
//! `yash-syntax` is under the GPL, `conch-parser` is no longer kept, and `brush-parser` brings a grammar generator's
//! tables and a cache into a module that has to stay small.
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
