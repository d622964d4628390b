//! Plan and context to image.
