//! What an editor asks about a Dockerfile: completions, hovers, symbols, references, renames, folds, tokens.
//!
//! Each service is a function of a [`Document`], which is a parsed file with its stages and variables. The text may be
//! half typed: a service answers what can be known and never fails on it. Offsets and spans are bytes.
//!
//! | module | what it answers |
//! | --- | --- |
//! | [`completion`] | what can be written at a place |
//! | [`hover`] | what the thing at a place is |
//! | [`symbols`] | the outline: stages, their instructions, what those set |
//! | [`references`] | where a stage or variable is defined and used |
//! | [`rename`] | the edits that give it another name |
//! | [`folding`] | what can be folded away |
//! | [`tokens`] | what each piece of text is, for colours |
//!
//! ```
//! use layerwright::{dockerfile, edit};
//!
//! let text = "FROM alpine AS base\nFROM base\n";
//! let file = dockerfile::parse(text.as_bytes());
//! let document = edit::Document::new(text.as_bytes(), &file);
//! let edits = edit::rename(&document, 26, "ground").unwrap();
//! assert_eq!(edits.iter().map(|e| e.span.str_of(text)).collect::<Vec<_>>(), ["base", "base"]);
//! ```

pub mod completion;
mod describe;
mod docs;
mod document;
pub mod folding;
pub mod hover;
pub mod references;
pub mod rename;
pub mod symbols;
pub mod tokens;
mod variables;

pub use completion::{Completion, CompletionKind, CompletionOptions, completions};
pub use document::Document;
pub use folding::{Fold, FoldKind, folding};
pub use hover::{Hover, hover};
pub use references::{Reference, definition, references};
pub use rename::{RenameError, Renameable, prepare_rename, rename};
pub use symbols::{Symbol, SymbolKind, symbols};
pub use tokens::{Token, TokenKind, tokens};
