//! Digests, descriptors, media types, references, manifests.
//!
//! These are the documents of the OCI image specification 1.1 and of Docker's schema 2, as our own small types: they keep
//! fields they do not know, and they are read by a strict JSON reader ([`json`]) that sees what `serde_json` hides:
//! keys written twice, a byte order mark, text behind the document, depth.

pub mod date;
pub mod digest;
pub mod document;
pub mod hash;
pub mod json;
pub mod media;
pub mod reference;

pub use digest::{Algorithm, Digest, DigestError};
pub use document::{ContainerConfig, Descriptor, HealthCheck, History, ImageConfig, Index, Manifest, Platform, RootFs};
pub use json::{JsonError, JsonIssue, JsonLimits};
pub use media::{Compression, MediaKind, MediaType};
pub use reference::{Reference, ReferenceError};
