//! Plan and context to image.
//!
//! BuildKit is the measure: the same file system, configuration and history come out of a Dockerfile. There is no clock
//! and no host: the same inputs give the same bytes, whatever the order of the files.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`tree`] | the file system that a build works on: an immutable tree |
//! | [`context`] | the files of a context, and `.dockerignore` |
//! | [`base`] | base images: their files as a tree, their bytes on demand |
//! | [`step`], [`recipe`] | what is to be done, and how it comes from a plan |
//! | [`run`] | doing it: stages, steps |
//! | [`execute`], [`user`], [`apply`], [`same`] | the port for `RUN`, who it runs as, what it changed |
//! | [`cache`] | layers of earlier builds, and who is told of steps |
//! | [`copy`], [`glob`], [`mode`], [`owner`], [`unpack`], [`fetch`] | `COPY` and `ADD` |
//! | [`diff`], [`layer`], [`write`] | what a step changed, written as a layer |
//! | [`assemble`] | from a request to images and their documents |
//! | [`error`] | why a build fails |

pub mod apply;
pub mod assemble;
pub mod base;
pub mod cache;
pub mod context;
pub mod copy;
pub mod diff;
pub mod error;
pub mod execute;
pub mod fetch;
pub mod glob;
pub mod layer;
mod member;
pub mod mode;
pub mod owner;
pub mod recipe;
pub mod run;
pub mod same;
pub mod step;
pub mod tree;
pub mod unpack;
pub mod user;
pub mod write;
