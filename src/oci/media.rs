//! Media types of the documents and layers that images are made of.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A media type as written, with the meaning we know for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaType(pub String);

/// How the bytes of a layer are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all: a tar.
    None,
    /// gzip, of one or more members (RFC 1952).
    Gzip,
    /// Zstandard, of one or more frames (RFC 8878).
    Zstd,
    /// bzip2: outer archives only, no layer format.
    Bzip2,
    /// xz: outer archives only, no layer format.
    Xz,
    /// Something we cannot read.
    Unknown,
}

/// What a media type stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// An OCI image manifest or a Docker schema 2 manifest.
    Manifest,
    /// An OCI image index or a Docker manifest list.
    Index,
    /// A Docker schema 1 manifest, signed or not.
    Schema1,
    /// The withdrawn artifact manifest of the OCI 1.1 release candidates.
    ArtifactManifest,
    /// An image configuration.
    Config,
    /// A layer of a filesystem.
    Layer {
        /// How it is compressed.
        compression: Compression,
        /// It may not be redistributed: the blob is often fetched from elsewhere.
        nondistributable: bool,
        /// It is encrypted (ocicrypt's `+encrypted`): nothing inside can be read.
        encrypted: bool,
    },
    /// The empty JSON document `{}`.
    Empty,
    /// Anything else.
    Other,
}

impl MediaType {
    /// An OCI image manifest.
    pub const OCI_MANIFEST: &'static str = "application/vnd.oci.image.manifest.v1+json";
    /// An OCI image index.
    pub const OCI_INDEX: &'static str = "application/vnd.oci.image.index.v1+json";
    /// An OCI image configuration.
    pub const OCI_CONFIG: &'static str = "application/vnd.oci.image.config.v1+json";
    /// A layer as a plain tar.
    pub const OCI_LAYER: &'static str = "application/vnd.oci.image.layer.v1.tar";
    /// A layer as a gzip-compressed tar.
    pub const OCI_LAYER_GZIP: &'static str = "application/vnd.oci.image.layer.v1.tar+gzip";
    /// A layer as a zstd-compressed tar.
    pub const OCI_LAYER_ZSTD: &'static str = "application/vnd.oci.image.layer.v1.tar+zstd";
    /// The two bytes `{}`.
    pub const OCI_EMPTY: &'static str = "application/vnd.oci.empty.v1+json";
    /// The artifact manifest of the OCI 1.1 release candidates.
    pub const OCI_ARTIFACT: &'static str = "application/vnd.oci.artifact.manifest.v1+json";
    /// A Docker schema 2 manifest.
    pub const DOCKER_MANIFEST: &'static str = "application/vnd.docker.distribution.manifest.v2+json";
    /// A Docker manifest list.
    pub const DOCKER_LIST: &'static str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// A Docker image configuration.
    pub const DOCKER_CONFIG: &'static str = "application/vnd.docker.container.image.v1+json";
    /// A Docker layer, gzip-compressed.
    pub const DOCKER_LAYER_GZIP: &'static str = "application/vnd.docker.image.rootfs.diff.tar.gzip";
    /// A Docker layer as a plain tar.
    pub const DOCKER_LAYER: &'static str = "application/vnd.docker.image.rootfs.diff.tar";
    /// A Docker schema 1 manifest.
    pub const DOCKER_SCHEMA1: &'static str = "application/vnd.docker.distribution.manifest.v1+json";
    /// A signed Docker schema 1 manifest.
    pub const DOCKER_SCHEMA1_SIGNED: &'static str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it stands for. Parameters behind a semicolon and letter case are not looked at.
    pub fn kind(&self) -> MediaKind {
        let text = self.0.split(';').next().unwrap_or_default().trim();
        match text {
            Self::OCI_MANIFEST | Self::DOCKER_MANIFEST => return MediaKind::Manifest,
            Self::OCI_INDEX | Self::DOCKER_LIST => return MediaKind::Index,
            Self::DOCKER_SCHEMA1 | Self::DOCKER_SCHEMA1_SIGNED => return MediaKind::Schema1,
            Self::OCI_ARTIFACT => return MediaKind::ArtifactManifest,
            Self::OCI_CONFIG | Self::DOCKER_CONFIG => return MediaKind::Config,
            Self::OCI_EMPTY => return MediaKind::Empty,
            _ => {}
        }
        let (rest, encrypted) = match text.strip_suffix("+encrypted") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let oci = [
            ("application/vnd.oci.image.layer.v1.tar", false),
            ("application/vnd.oci.image.layer.nondistributable.v1.tar", true),
            ("application/vnd.docker.image.rootfs.diff.tar", false),
            ("application/vnd.docker.image.rootfs.foreign.diff.tar", true),
        ];
        for (prefix, nondistributable) in oci {
            if let Some(tail) = rest.strip_prefix(prefix) {
                let compression = match tail {
                    "" => Compression::None,
                    "+gzip" | ".gzip" => Compression::Gzip,
                    "+zstd" | ".zstd" => Compression::Zstd,
                    "+bzip2" | ".bzip2" => Compression::Bzip2,
                    "+xz" | ".xz" => Compression::Xz,
                    _ => Compression::Unknown,
                };
                return MediaKind::Layer { compression, nondistributable, encrypted };
            }
        }
        if rest.starts_with("application/vnd.oci.image.layer.")
            || rest.starts_with("application/vnd.docker.image.rootfs.")
        {
            return MediaKind::Layer { compression: Compression::Unknown, nondistributable: false, encrypted };
        }
        MediaKind::Other
    }

    /// It is a layer of a filesystem.
    pub fn is_layer(&self) -> bool {
        matches!(self.kind(), MediaKind::Layer { .. })
    }
}

impl From<&str> for MediaType {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_tell_their_compression() {
        let layer = |text: &str| match MediaType::from(text).kind() {
            MediaKind::Layer { compression, nondistributable, encrypted } => {
                Some((compression, nondistributable, encrypted))
            }
            _ => None,
        };
        assert_eq!(layer(MediaType::OCI_LAYER), Some((Compression::None, false, false)));
        assert_eq!(layer(MediaType::DOCKER_LAYER_GZIP), Some((Compression::Gzip, false, false)));
        assert_eq!(
            layer("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
            Some((Compression::Gzip, true, false))
        );
        assert_eq!(
            layer("application/vnd.oci.image.layer.v1.tar+zstd+encrypted"),
            Some((Compression::Zstd, false, true))
        );
        assert_eq!(layer("application/vnd.oci.image.layer.v1.tar+lz4"), Some((Compression::Unknown, false, false)));
        assert_eq!(layer("application/vnd.in-toto+json"), None);
    }
}
