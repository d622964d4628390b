//! Dockerfiles: text to syntax tree to typed instructions.
