//! The clause of a specification behind each code of a finding. Codes without one are about safety or about how readers in
//! use differ: no specification speaks of them.

/// Where the rule stands that a finding with this code is against.
pub(crate) fn clause(code: &str) -> Option<&'static str> {
    Some(match code {
        "DIGEST_INVALID" => "image-spec descriptor.md, digests",
        "DIGEST_MISSING" => "image-spec descriptor.md, properties: digest",
        "DIGEST_UNVERIFIABLE" => "image-spec descriptor.md, registered algorithms",
        "SIZE_INVALID" | "SIZE_MISSING" | "SIZE_NOT_INTEGER" | "SIZE_MISMATCH" => {
            "image-spec descriptor.md, properties: size"
        }
        "SUBJECT_SIZE_MISMATCH" => "image-spec manifest.md, subject",
        "MEDIA_TYPE_MISSING" | "MEDIA_TYPE_INVALID" => "image-spec descriptor.md, properties: mediaType (RFC 6838)",
        "MEDIA_TYPE_MISMATCH" => "image-spec manifest.md, mediaType",
        "MEDIA_TYPE_CONTENT_MISMATCH" => "image-spec layer.md, +gzip and +zstd media types",
        "DESCRIPTOR_INVALID" => "image-spec descriptor.md, properties",
        "DATA_INVALID" | "DATA_MISMATCH" | "DATA_NOT_CANONICAL" | "BLOB_ONLY_EMBEDDED" => {
            "image-spec descriptor.md, embedded content"
        }
        "URLS_INVALID" | "LAYER_URL_SCHEME" => "image-spec descriptor.md, properties: urls (RFC 3986)",
        "LAYER_HAS_URLS" | "LAYER_NOT_INCLUDED" | "LAYER_NONDISTRIBUTABLE" => {
            "image-spec layer.md, non-distributable layers"
        }
        "ANNOTATIONS_INVALID" | "ANNOTATION_NOT_STRING" => "image-spec annotations.md, rules",
        "ANNOTATION_VALUE" => "image-spec annotations.md, pre-defined annotation keys",
        "ANNOTATION_RESERVED" => "image-spec annotations.md, rules: the prefix org.opencontainers is reserved",
        "EMPTY_DESCRIPTOR_MISMATCH" => "image-spec manifest.md, guidance for an empty descriptor",
        "REF_NAME_INVALID" => "image-spec annotations.md, org.opencontainers.image.ref.name",
        "LAYER_DIGEST_MISMATCH" | "BLOB_DIGEST_MISMATCH" | "MANIFEST_DIGEST_MISMATCH" | "CONFIG_DIGEST_MISMATCH" => {
            "image-spec descriptor.md, verification"
        }
        "UNREFERENCED_BLOB_MISMATCH" | "BLOB_NAME_INVALID" => "image-spec image-layout.md, blobs",
        "BLOB_MISSING" | "BLOB_NOT_FILE" | "BLOB_SYMLINK_BROKEN" | "MANIFEST_MISSING" | "CONFIG_MISSING" => {
            "image-spec image-layout.md, blobs"
        }
        "LAYOUT_FILE_MISSING" | "LAYOUT_VERSION" => "image-spec image-layout.md, oci-layout file",
        "INDEX_INVALID" | "INDEX_WITHOUT_MANIFESTS" | "MANIFESTS_NULL" => {
            "image-spec image-index.md, properties: manifests"
        }
        "PLATFORM_UNKNOWN" | "PLATFORM_MISMATCH" | "PLATFORM_INVALID" => {
            "image-spec image-index.md, properties: platform"
        }
        "SCHEMA_VERSION_INVALID" => "image-spec manifest.md, schemaVersion",
        "MANIFEST_AMBIGUOUS" => "image-spec manifest.md and image-index.md (CVE-2021-41190)",
        "MANIFEST_INVALID" => "image-spec manifest.md, image manifest property descriptions",
        "MANIFEST_WITHOUT_CONFIG" => "image-spec manifest.md, config",
        "MANIFEST_WITHOUT_LAYERS" | "LAYERS_NULL" => "image-spec manifest.md, layers",
        "LAYER_TYPE_UNKNOWN" => "image-spec manifest.md, layers: mediaType",
        "ARTIFACT_TYPE_MISSING" | "ARTIFACT_TYPE_MISMATCH" | "ARTIFACT_TYPE_INVALID" => {
            "image-spec manifest.md, artifactType"
        }
        "CONFIG_INVALID" | "CONFIG_FIELD_TYPE" => "image-spec config.md, properties",
        "CONFIG_PLATFORM_MISSING" => "image-spec config.md, architecture and os",
        "CONFIG_WITHOUT_ROOTFS" | "ROOTFS_TYPE" => "image-spec config.md, rootfs",
        "DIFF_ID_COUNT" | "DIFF_ID_MISMATCH" | "DIFF_IDS_MISSING" => "image-spec config.md, rootfs.diff_ids",
        "CONFIG_ENV_FORMAT" => "image-spec config.md, config: Env",
        "CONFIG_PORT_FORMAT" => "image-spec config.md, config: ExposedPorts",
        "HISTORY_COUNT" => "image-spec config.md, history",
        "CREATED_INVALID" => "image-spec config.md, created (RFC 3339, section 5.6)",
        "JSON_INVALID" => "RFC 8259",
        "JSON_DUPLICATE_KEY" => "RFC 8259, section 4: names should be unique",
        "JSON_LONE_SURROGATE" => "RFC 8259, section 8.2",
        "JSON_NUMBER_RANGE" => "RFC 8259, section 6",
        "JSON_TOO_LARGE" => "distribution-spec spec.md, pushing manifests: size limit of 4 MiB",
        "JSON_KEY_CASE" => "image-spec considerations.md, extensibility: names differ in case",
        "DOCKER_MANIFEST_INVALID" | "REPO_TAG_INVALID" | "DOCKER_PATH_ABSOLUTE" | "DOCKER_PATH_TRAVERSAL" => {
            "moby image-spec v1.2, combined image JSON and filesystem changeset format"
        }
        "CONFIG_NAME_MISMATCH" => "moby image-spec v1.2, image ID",
        "DOCKER_V1_CHAIN" => "moby image-spec v1, parent",
        "COMPRESSION_CHECKSUM_MISMATCH" | "GZIP_TRAILING_ZEROS" | "COMPRESSION_TRAILING_DATA" => {
            "RFC 1952, sections 2.2 and 2.3.1; RFC 8878, section 3.1.1"
        }
        "GZIP_RESERVED_FLAGS" => "RFC 1952, section 2.3.1.2",
        "COMPRESSION_DAMAGED" | "COMPRESSION_TRUNCATED" => "RFC 1951; RFC 8878",
        "COMPRESSION_UNSUPPORTED" => "image-spec layer.md, +gzip and +zstd media types",
        "ZSTD_NO_FRAME" => "RFC 8878, section 3.1",
        "LAYER_EMPTY" => "image-spec layer.md, creating: a changeset is a tar archive",
        "LAYER_DUPLICATE_ENTRY" => "image-spec layer.md, entries must be unique within a layer",
        "WHITEOUT_NAME_INVALID" | "WHITEOUT_NOT_EMPTY_FILE" | "WHITEOUT_THROUGH_SYMLINK" => {
            "image-spec layer.md, whiteouts"
        }
        "ENTRY_TYPE_UNKNOWN" | "TAR_UNKNOWN_TYPE" => "image-spec layer.md, file types",
        "HARDLINK_TARGET_MISSING"
        | "HARDLINK_TO_DIRECTORY"
        | "HARDLINK_TO_SELF"
        | "HARDLINK_ABSOLUTE"
        | "HARDLINK_DOTDOT"
        | "HARDLINK_TO_DELETED"
        | "HARDLINK_TO_AUFS_METADATA"
        | "HARDLINK_THROUGH_SYMLINK" => "image-spec layer.md, hardlinks",
        "PATH_ABSOLUTE" | "PATH_DOTDOT" | "PATH_UNCLEAN" | "PATH_EMPTY" | "PATH_TRAVERSAL" => {
            "image-spec layer.md, applying changesets: paths are relative to the root"
        }
        "PATH_WINDOWS" => "image-spec layer.md, Windows file attributes and paths",
        "PATH_TOO_LONG" | "PATH_TOO_DEEP" | "PATH_COMPONENT_TOO_LONG" => {
            "POSIX.1-2017, limits.h: PATH_MAX and NAME_MAX"
        }
        "TAR_HEADER_INVALID" | "TAR_PREFIX_WITHOUT_MAGIC" | "TAR_FILE_NAMED_AS_DIRECTORY" | "TAR_SIGNED_CHECKSUM" => {
            "POSIX.1-2017, pax: ustar interchange format"
        }
        "TAR_TRUNCATED"
        | "TAR_TRUNCATED_PADDING"
        | "TAR_NO_END_MARKER"
        | "TAR_ONE_ZERO_BLOCK"
        | "TAR_TRAILING_DATA"
        | "ARCHIVE_TRAILING_DATA" => "POSIX.1-2017, pax: ustar interchange format, two blocks of zeros end it",
        "TAR_SIZE_WITHOUT_BODY" => "POSIX.1-2017, pax: ustar interchange format, size",
        "TAR_PAX_SIZE_DIFFERS"
        | "TAR_TWO_PAX_HEADERS"
        | "TAR_DUPLICATE_PAX_RECORD"
        | "TAR_ODD_PAX_LENGTH"
        | "TAR_DANGLING_HEADER"
        | "TAR_GLOBAL_HEADER_BETWEEN"
        | "TAR_GLOBAL_HEADER_OVERRIDES" => "POSIX.1-2017, pax: pax header block and extended header",
        "TAR_PAX_AND_GNU_NAME" | "TAR_PAX_BEFORE_LONG_NAME" | "TAR_TWO_LONG_NAMES" | "TAR_PREFIX_IN_GNU_HEADER" => {
            "GNU tar manual, basic tar format: long names"
        }
        "TAR_SPARSE" | "TAR_SPARSE_INVALID" => "GNU tar manual, storing sparse files",
        "OVERLAY_WHITEOUT" | "OVERLAY_XATTR" => "Linux filesystems/overlayfs.rst, whiteouts and opaque directories",
        _ if code.starts_with("TOC_") => "stargz-snapshotter estargz.md; containers/storage zstd:chunked",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::clause;

    /// Codes that no specification speaks of: limits of ours, and what is odd without being against a rule.
    const WITHOUT: &[&str] = &[
        "ARCHIVE_DUPLICATE_MEMBER",
        "ARCHIVE_PATH_TRAVERSAL",
        "ATTESTATION_OF_NOBODY",
        "FORMS_DISAGREE",
        "INDEX_TOO_DEEP",
        "JSON_TOO_DEEP",
        "LAYER_ENCRYPTED",
        "PARENT_NOT_DIRECTORY",
        "PATH_THROUGH_OUTWARD_SYMLINK",
        "ROOT_NOT_DIRECTORY",
        "SOURCE_UNREADABLE",
        "SPARSE_FILE_HUGE",
        "SYMLINK_LOOP",
        "TAR_AMBIGUOUS",
        "TAR_ISSUE",
        "TOO_MANY_DOCUMENTS",
    ];

    #[test]
    fn every_finding_has_its_clause_or_is_known_to_have_none() {
        let sources = [
            include_str!("describe.rs"),
            include_str!("open.rs"),
            include_str!("store.rs"),
            include_str!("verify.rs"),
            include_str!("../layer/tree.rs"),
            include_str!("../layer/toc.rs"),
            include_str!("../oci/json.rs"),
        ];
        let mut seen = 0;
        for source in sources {
            for word in source.split('"').filter(|word| {
                word.len() > 6
                    && word.contains('_')
                    && word.starts_with(|first: char| first.is_ascii_uppercase())
                    && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            }) {
                seen += 1;
                assert!(clause(word).is_some() != WITHOUT.contains(&word), "{word}");
            }
        }
        assert!(seen > 100, "{seen}");
    }
}
