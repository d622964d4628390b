//! One layer's entries and whiteouts; the merged tree.
