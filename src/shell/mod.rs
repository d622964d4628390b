//! The body of a RUN: commands, words, redirections, with spans.
