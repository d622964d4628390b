//! Layerwright: a container-image toolkit whose core does no I/O.
//!
//! The map, from the ground up. Each module sees only those above it.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`text`] | spans, line tables, UTF-16 positions |
//! | `order` | sorting, small in code |
//! | [`dockerfile`] | text to syntax tree to typed instructions; word expansion; `.dockerignore` |
//! | [`shell`] | the body of a `RUN`: commands, words, redirections |
//! | [`plan`] | what a build would make: stage graph, layers, image config, history |
//! | [`lint`] | rules (one file a rule), configuration, pragmas, fixes |
//! | [`check`] | a plan that BuildKit's checks may refuse |
//! | [`edit`] | what an editor asks: completions, hovers, symbols, references, renames, folds, tokens |
//! | `oci` | digests, descriptors, media types, manifests |
//! | `archive` | push decoders and writers: tar, gzip, zstd |
//! | `layer` | one layer's entries and whiteouts; the merged tree |
//! | `image` | open, verify, flatten, inspect, save |
//! | `build` | plan and context to image |
//! | `change` | one image made of another: layers, config, base, index |
//!
//! Bytes are pushed in, or asked for through the `image::ReadAt` port; time and network belong to the host.
//! The JavaScript boundary is the module `js` (feature `js`), and nothing else knows JavaScript.
#![forbid(unsafe_code)]

pub mod check;
pub mod dockerfile;
pub mod lint;
pub(crate) mod order;
pub mod plan;
pub mod shell;
pub mod text;

#[cfg(feature = "edit")]
pub mod edit;

#[cfg(feature = "image")]
pub mod archive;
#[cfg(feature = "image")]
pub mod build;
#[cfg(feature = "image")]
pub mod change;
#[cfg(feature = "image")]
pub mod image;
#[cfg(feature = "image")]
pub mod layer;
#[cfg(feature = "image")]
pub mod oci;

#[cfg(feature = "js")]
pub mod js;
