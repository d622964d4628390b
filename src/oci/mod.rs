//! Digests, descriptors, media types, manifests.
