//! What a build would make.
