//! One layer's entries and whiteouts; the merged tree.

pub mod index;
pub mod ingest;
pub mod toc;
pub mod tree;

pub use index::{LayerIndex, Member};
pub use ingest::{Ingest, IngestOptions, Layer, LayerError, LayerLimits, Toc};
pub use tree::{Attributes, Name, Node, NodeId, Origin, Tree, TreeIssue, TreeIssueKind};
