//! One layer's entries and whiteouts; the merged tree.

pub mod index;
pub mod ingest;
pub mod kept;
pub mod toc;
pub mod tree;

pub use index::{LayerIndex, Member};
pub use ingest::{Closing, Ingest, IngestOptions, Layer, LayerError, LayerLimits, Toc};
pub use tree::{Attributes, Before, Name, Node, NodeId, Origin, Touch, TouchKind, Tree, TreeIssue, TreeIssueKind};
