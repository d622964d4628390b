//! Checks everything that can be checked about an image: documents were looked at when it was opened, here come the blobs,
//! the layers and what is in them.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde::Serialize;

use super::finding::{ImageFinding, Severity, Verdict};
use super::open::{Image, ImageManifest, LayerRef, ManifestKind};
use super::read::{ReadError, Watch};
use crate::archive::tar::{Ambiguity, ArchiveIssue, EntryKind};
use crate::layer::toc::{self, has_table};
use crate::layer::tree::clean;
use crate::layer::{Layer, LayerIndex, Member, Tree, TreeIssueKind};
use crate::oci::{Compression, Digest, MediaKind};

/// What was found out about one layer of one image.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct LayerReport {
    /// The digest of its manifest, as the image is known by.
    pub image: String,
    /// Its place among the layers of the image, the base being 0.
    #[cfg_attr(feature = "js", tsify(type = "number"))]
    pub layer: usize,
    /// Its declared digest or, in a Docker archive, its file.
    pub name: String,
    /// Size and digest, and the diffID where one is declared, are those of the bytes.
    pub verified: bool,
    /// How many entries it has.
    #[cfg_attr(feature = "js", tsify(type = "number"))]
    pub entries: usize,
}

/// The outcome of a verification.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "js", derive(tsify::Tsify))]
#[serde(rename_all = "camelCase")]
pub struct VerifyReport {
    /// In one word.
    pub verdict: Verdict,
    /// Everything that was found, documents first.
    pub findings: Vec<ImageFinding>,
    /// Layer by layer.
    pub layers: Vec<LayerReport>,
}

/// Findings of a code that are written out one by one for a layer; the rest is counted.
const EACH: u64 = 5;

/// Findings about one layer, the same code counted.
struct Gather<'a> {
    layer: &'a str,
    findings: Vec<ImageFinding>,
    counts: HashMap<&'static str, u64>,
}

impl<'a> Gather<'a> {
    fn new(layer: &'a str) -> Self {
        Self { layer, findings: Vec::new(), counts: HashMap::new() }
    }

    fn add(&mut self, code: &'static str, severity: Severity, message: &str, entry: Option<&[u8]>) {
        let count = self.counts.entry(code).or_default();
        *count += 1;
        if *count <= EACH {
            let finding = ImageFinding::new(code, severity, message).in_layer(self.layer);
            self.findings.push(match entry {
                Some(entry) => finding.of_entry(entry),
                None => finding,
            });
        }
    }

    /// The findings, the last one of each code with how many there are.
    fn finish(mut self) -> Vec<ImageFinding> {
        let mut told = HashSet::new();
        for finding in self.findings.iter_mut().rev() {
            let count = self.counts.get(finding.code.as_str()).copied().unwrap_or(0);
            if count > EACH && told.insert(finding.code.clone()) {
                finding.count = Some(count);
            }
        }
        self.findings
    }
}

impl Image {
    /// Verifies every blob, every layer and every filesystem. Findings are in the report, and a damaged layer does not keep
    /// the others from being looked at.
    ///
    /// # Errors
    /// [`ReadError`] if the source cannot be read.
    pub async fn verify(&self, watch: &dyn Watch) -> Result<VerifyReport, ReadError> {
        let mut findings = self.findings.clone();
        let mut reports = Vec::new();
        let mut looked_at: HashSet<u32> = HashSet::new();
        let mut merged: HashSet<Vec<Option<u32>>> = HashSet::new();
        for manifest in &self.manifests {
            match manifest.kind {
                ManifestKind::Image | ManifestKind::Schema1 => {
                    self.verify_image(manifest, &mut findings, &mut reports, &mut looked_at, &mut merged, watch)
                        .await?;
                }
                ManifestKind::Artifact | ManifestKind::Attestation | ManifestKind::Other => {
                    self.verify_artifact(manifest, &mut findings, watch).await?;
                }
                ManifestKind::Index | ManifestKind::Missing => {}
            }
        }
        self.verify_unreferenced(&mut findings, watch).await?;
        Ok(VerifyReport { verdict: Verdict::of(&findings), findings, layers: reports })
    }

    async fn verify_image(
        &self,
        manifest: &ImageManifest,
        findings: &mut Vec<ImageFinding>,
        reports: &mut Vec<LayerReport>,
        looked_at: &mut HashSet<u32>,
        merged: &mut HashSet<Vec<Option<u32>>>,
        watch: &dyn Watch,
    ) -> Result<(), ReadError> {
        let windows = manifest.platform.as_ref().is_some_and(|platform| platform.os == "windows");
        let mut tree = Tree::new();
        let numbers = manifest.layers.iter().map(|layer| layer.blob.map(|blob| blob.number)).collect();
        let new_tree = merged.insert(numbers);
        for (number, reference) in manifest.layers.iter().enumerate() {
            let mut report = LayerReport {
                image: manifest.digest.to_string(),
                layer: number,
                name: reference.name().to_owned(),
                verified: false,
                entries: 0,
            };
            let Some(blob) = reference.blob else {
                reports.push(report);
                continue;
            };
            if reference.encrypted() {
                let message = "the layer is encrypted: only its digest can be checked";
                findings.push(ImageFinding::warning("LAYER_ENCRYPTED", message).in_layer(reference.name()));
                report.verified = self.verify_blob(reference, findings, watch).await?;
                reports.push(report);
                continue;
            }
            let options = self.ingest_options(reference, None);
            let layer = self.store.ingest(blob, &options, reference.name(), "verify", watch).await?;
            report.entries = layer.index.len();
            let before = findings.len();
            self.verify_digests(reference, &layer, looked_at.contains(&blob.number), findings);
            report.verified = findings.len() == before && layer.decode_error.is_none();
            if looked_at.insert(blob.number) {
                self.verify_layer(reference, &layer, windows, findings);
                if has_table(&layer, &reference.annotations) {
                    self.verify_table(reference, &layer, findings, watch).await?;
                }
            }
            if new_tree {
                let mut gather = Gather::new(reference.name());
                for issue in tree.apply(u32::try_from(number).unwrap_or(u32::MAX), &layer.index) {
                    let severity = match issue.kind {
                        TreeIssueKind::WhiteoutName => Severity::Error,
                        _ => Severity::Warning,
                    };
                    let entry = layer.index.get(issue.origin.entry as usize).map(|member| member.path);
                    gather.add(issue.kind.code(), severity, tree_message(issue.kind), entry);
                }
                findings.extend(gather.finish());
            }
            reports.push(report);
        }
        Ok(())
    }

    /// The table of contents of a seekable layer.
    async fn verify_table(
        &self,
        reference: &LayerRef,
        layer: &Layer,
        findings: &mut Vec<ImageFinding>,
        watch: &dyn Watch,
    ) -> Result<(), ReadError> {
        // The table has digests of contents, so the contents are hashed in a pass of their own.
        let options = self.ingest_options(reference, Some(u64::MAX));
        let hashed = match reference.blob {
            Some(blob) => Some(self.store.ingest(blob, &options, reference.name(), "verify", watch).await?),
            None => None,
        };
        let contents = hashed.as_ref().map(|layer| &layer.index);
        let mut gather = Gather::new(reference.name());
        for issue in toc::check(layer, &reference.annotations, contents) {
            gather.add(issue.code, Severity::Warning, issue.message, issue.entry.as_deref().map(str::as_bytes));
        }
        findings.extend(gather.finish());
        Ok(())
    }

    /// Size, digest and diffID, and how the layer reads.
    fn verify_digests(&self, reference: &LayerRef, layer: &Layer, known: bool, findings: &mut Vec<ImageFinding>) {
        let name = reference.name();
        if let Some(declared) = &reference.digest {
            match layer.digest(declared.algorithm()) {
                Some(computed) if computed != declared && !known => {
                    let message =
                        format!("the bytes of the layer are not those that the digest names: they are {computed}");
                    findings.push(ImageFinding::error("LAYER_DIGEST_MISMATCH", message).in_layer(name));
                }
                _ => {}
            }
        }
        if let Some(declared) = &reference.diff_id
            && let Some(computed) = layer.diff_id(declared.algorithm())
            && computed != declared
        {
            let message = format!("the config says that the layer unpacks to {declared}, it unpacks to {computed}");
            findings.push(ImageFinding::error("DIFF_ID_MISMATCH", message).in_layer(name));
        }
    }

    /// What does not depend on the image that the layer is in.
    fn verify_layer(&self, reference: &LayerRef, layer: &Rc<Layer>, windows: bool, findings: &mut Vec<ImageFinding>) {
        let name = reference.name();
        for error in [&layer.decode_error, &layer.tar_error].into_iter().flatten() {
            let message = format!("the layer cannot be read to its end: {error}");
            findings.push(ImageFinding::error(error.code(), message).in_layer(name).at_offset(error.offset()));
        }
        if let MediaKind::Layer { compression: declared, .. } = reference.media_type.kind()
            && let Some(found) = layer.compression
            && reference.digest.is_some()
            && reference.media_type.as_str() != crate::oci::MediaType::DOCKER_LAYER
            && layer.size > 0
            && declared != found
            && declared != Compression::Unknown
        {
            let message = format!("the media type says {declared:?}, the bytes are {found:?}");
            findings.push(ImageFinding::warning("MEDIA_TYPE_CONTENT_MISMATCH", message.to_lowercase()).in_layer(name));
        }
        let mut gather = Gather::new(name);
        for code in &layer.stream {
            gather.add(code, Severity::Warning, stream_message(code), None);
        }
        let archive = [
            (ArchiveIssue::NO_END_MARKER, Severity::Warning, "the tar ends without its end marker"),
            (ArchiveIssue::ONE_ZERO_BLOCK, Severity::Info, "the tar ends with one zero block where two are due"),
            (
                ArchiveIssue::TRAILING_DATA,
                Severity::Warning,
                "something follows the tar's end: other readers may list it",
            ),
            (
                ArchiveIssue::DANGLING_HEADER,
                Severity::Warning,
                "the tar ends after a header that describes a next entry",
            ),
            (ArchiveIssue::TRUNCATED_PADDING, Severity::Warning, "the tar ends inside the padding of its last entry"),
            (ArchiveIssue::GLOBAL_OVERRIDE, Severity::Warning, "a global header would change the entries behind it"),
        ];
        for (issue, severity, message) in archive {
            // A table of contents in a tar of its own is how some builders write eStargz.
            let toc = issue == ArchiveIssue::TRAILING_DATA && layer.toc.as_ref().is_some_and(|toc| toc.behind_end);
            if layer.archive.has(issue) && !toc {
                gather.add(issue.codes().next().unwrap_or("TAR_ISSUE"), severity, message, None);
            }
        }
        let bounds = Bounds { length: self.limits.path, depth: self.limits.path_depth };
        check_entries(&layer.index, bounds, windows, &mut gather);
        findings.extend(gather.finish());
    }

    /// The digest of a blob that is not looked into.
    async fn verify_blob(
        &self,
        reference: &LayerRef,
        findings: &mut Vec<ImageFinding>,
        watch: &dyn Watch,
    ) -> Result<bool, ReadError> {
        let (Some(blob), Some(declared)) = (reference.blob, &reference.digest) else { return Ok(false) };
        match self.store.digest(blob, declared, watch).await? {
            Some(computed) if computed != *declared => {
                let message = format!("the bytes of the blob are not those that the digest names: they are {computed}");
                findings.push(ImageFinding::error("BLOB_DIGEST_MISMATCH", message).in_layer(reference.name()));
                Ok(false)
            }
            computed => Ok(computed.is_some()),
        }
    }

    async fn verify_artifact(
        &self,
        manifest: &ImageManifest,
        findings: &mut Vec<ImageFinding>,
        watch: &dyn Watch,
    ) -> Result<(), ReadError> {
        for reference in &manifest.layers {
            self.verify_blob(reference, findings, watch).await?;
        }
        if let Some(digest) = &manifest.config_digest
            && let Ok(blob) = self.store.find(&digest.blob_path())
        {
            let config = LayerRef {
                digest: Some(digest.clone()),
                size: None,
                media_type: manifest.config_type.clone(),
                diff_id: None,
                annotations: serde_json::Map::new(),
                blob: Some(blob),
                file: digest.blob_path(),
            };
            self.verify_blob(&config, findings, watch).await?;
        }
        Ok(())
    }

    /// Blobs that nothing names still have the content that their names say.
    async fn verify_unreferenced(&self, findings: &mut Vec<ImageFinding>, watch: &dyn Watch) -> Result<(), ReadError> {
        for (path, blob) in self.store.files() {
            let Some(rest) = path.strip_prefix("blobs/") else { continue };
            if self.reached.contains(&blob.number) {
                continue;
            }
            let Ok(declared) = rest.replacen('/', ":", 1).parse::<Digest>() else {
                let message = "a file below blobs has a name that is no digest";
                findings.push(ImageFinding::new("BLOB_NAME_INVALID", Severity::Info, message).in_document(&path));
                continue;
            };
            if self.store.digest(blob, &declared, watch).await?.is_some_and(|computed| computed != declared) {
                let message = "a blob that nothing refers to has not the content that its name says";
                findings.push(ImageFinding::warning("UNREFERENCED_BLOB_MISMATCH", message).in_document(&path));
            }
        }
        Ok(())
    }
}

fn stream_message(code: &str) -> &'static str {
    match code {
        "GZIP_TRAILING_ZEROS" => "zeros follow the gzip stream: some readers refuse them",
        "GZIP_RESERVED_FLAGS" => "reserved flags of a gzip header are set",
        "ZSTD_NO_FRAME" => "the zstd stream has skippable frames only",
        _ => "the layer has no content at all",
    }
}

fn tree_message(kind: TreeIssueKind) -> &'static str {
    match kind {
        TreeIssueKind::WhiteoutName => {
            "a whiteout without a name, or of `.` or `..`: some readers delete the directory"
        }
        TreeIssueKind::WhiteoutThroughSymlink => "a whiteout leads through a symbolic link",
        TreeIssueKind::HardlinkMissing => "the target of a hard link is not there",
        TreeIssueKind::HardlinkToDirectory => "the target of a hard link is a directory",
        TreeIssueKind::HardlinkToSelf => "a hard link to itself",
        TreeIssueKind::HardlinkToAufs => "the target of a hard link is AUFS metadata",
        TreeIssueKind::HardlinkThroughSymlink => "the target of a hard link is reached through a symbolic link",
        TreeIssueKind::ParentNotDirectory => "something that is no directory stands in the way",
        TreeIssueKind::SymlinkLoop => "symbolic links on the way go round in a circle",
        TreeIssueKind::ThroughOutwardSymlink => "the path leads through a symbolic link out of the root",
        TreeIssueKind::RootNotDirectory => "an entry for the root that is no directory",
        TreeIssueKind::UnknownType => "an entry of a type that no filesystem has",
    }
}

/// How long and how deep a path may be.
#[derive(Clone, Copy)]
struct Bounds {
    length: usize,
    depth: usize,
}

/// Names, links, whiteouts and headers of a layer's entries.
fn check_entries(index: &LayerIndex, bounds: Bounds, windows: bool, gather: &mut Gather<'_>) {
    let mut names: HashSet<Vec<u8>> = HashSet::with_capacity(index.len());
    let mut whiteouts: HashSet<Vec<u8>> = HashSet::new();
    let mut hardlinks: Vec<(Vec<u8>, Member<'_>)> = Vec::new();
    for member in index.iter() {
        check_header(&member, gather);
        check_name(&member, bounds, windows, gather);
        let parts = clean(member.path);
        let name = parts.join(&b'/');
        if let Some((last, parents)) = parts.split_last()
            && let Some(target) = last.strip_prefix(b".wh.")
        {
            let metadata = target.starts_with(b".wh.") && *last != b".wh..wh..opq";
            if !metadata && (member.kind != EntryKind::File || member.size > 0) {
                let message = "a whiteout is no empty file: readers may take it for what it looks like";
                gather.add("WHITEOUT_NOT_EMPTY_FILE", Severity::Warning, message, Some(member.path));
            }
            if !target.starts_with(b".wh.") {
                let mut parts = parents.to_vec();
                parts.push(target);
                whiteouts.insert(parts.join(&b'/'));
            }
        }
        if member.kind == EntryKind::Hardlink {
            hardlinks.push((clean(member.link).join(&b'/'), member));
        }
        if !names.insert(name) {
            let message = "a name stands twice in the layer: readers keep different ones";
            gather.add("LAYER_DUPLICATE_ENTRY", Severity::Error, message, Some(member.path));
        }
    }
    for (target, member) in hardlinks {
        if whiteouts.contains(&target) {
            let message = "the layer deletes the target of a hard link";
            gather.add("HARDLINK_TO_DELETED", Severity::Warning, message, Some(member.path));
        }
    }
}

fn check_header(member: &Member<'_>, gather: &mut Gather<'_>) {
    for code in member.ambiguity.codes() {
        let quiet = [Ambiguity::SPARSE, Ambiguity::SIGNED_CHECKSUM, Ambiguity::XATTR_DISAGREES];
        let severity = if quiet.iter().any(|mark| mark.codes().any(|own| own == code)) {
            Severity::Info
        } else {
            Severity::Warning
        };
        gather.add(code, severity, "readers see this entry differently", Some(member.path));
    }
    if member.sparse.is_some() && member.size > 1 << 30 && member.size / 64 > member.stored {
        let message = "a sparse file is very much larger than what is stored of it";
        gather.add("SPARSE_FILE_HUGE", Severity::Warning, message, Some(member.path));
    }
    if member.kind == EntryKind::Char && member.device == (0, 0) {
        let message = "a character device 0:0 is a whiteout to overlayfs";
        gather.add("OVERLAY_WHITEOUT", Severity::Warning, message, Some(member.path));
    }
    let overlay = |name: &[u8]| name.starts_with(b"trusted.overlay.") || name.starts_with(b"user.overlay.");
    if member.xattrs.iter().any(|(name, _)| overlay(name)) {
        let message = "an extended attribute of overlayfs may hide what lies below";
        gather.add("OVERLAY_XATTR", Severity::Warning, message, Some(member.path));
    }
}

fn check_name(member: &Member<'_>, bounds: Bounds, windows: bool, gather: &mut Gather<'_>) {
    let path = member.path;
    let mut warn = |code, message| gather.add(code, Severity::Warning, message, Some(path));
    if path.is_empty() {
        warn("PATH_EMPTY", "an entry has no name");
    }
    if path.starts_with(b"/") {
        warn("PATH_ABSOLUTE", "a path is absolute");
    }
    let inner = path.strip_suffix(b"/").unwrap_or(path);
    let inner = inner.strip_prefix(b"./").unwrap_or(inner);
    let mut depth = 0i64;
    let (mut up, mut escapes, mut unclean) = (false, false, false);
    for part in inner.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => unclean |= inner != b"." && !inner.is_empty(),
            b".." => {
                up = true;
                depth -= 1;
                escapes |= depth < 0;
            }
            _ => depth += 1,
        }
    }
    if unclean && !path.starts_with(b"/") {
        warn("PATH_UNCLEAN", "a path has empty parts or `.` inside");
    }
    if up && !escapes {
        warn("PATH_DOTDOT", "a path has `..` in it");
    }
    if windows {
        let bad = path.iter().any(|byte| matches!(byte, b'\\' | b':'));
        let device = path.split(|byte| *byte == b'/').any(|part| {
            let stem = part.split(|byte| *byte == b'.').next().unwrap_or_default().to_ascii_uppercase();
            matches!(stem.as_slice(), b"CON" | b"PRN" | b"AUX" | b"NUL")
                || stem.len() == 4 && (stem.starts_with(b"COM") || stem.starts_with(b"LPT")) && stem.ends_with(b"1")
        });
        if bad || device {
            warn("PATH_WINDOWS", "a path of a Windows layer has a backslash, a colon or the name of a device");
        }
    }
    if inner.split(|byte| *byte == b'/').any(|part| part.len() > 255) {
        warn("PATH_COMPONENT_TOO_LONG", "a part of a path has more than 255 bytes: no Linux filesystem takes it");
    }
    if matches!(member.kind, EntryKind::Hardlink) {
        if member.link.starts_with(b"/") {
            warn("HARDLINK_ABSOLUTE", "the target of a hard link is an absolute path");
        }
        if member.link.split(|byte| *byte == b'/').any(|part| part == b"..") {
            warn("HARDLINK_DOTDOT", "the target of a hard link has `..` in it");
        }
    }
    if escapes {
        gather.add("PATH_TRAVERSAL", Severity::Error, "a path leads out of the root", Some(path));
    }
    if inner.split(|byte| *byte == b'/').count() > bounds.depth {
        gather.add("PATH_TOO_DEEP", Severity::Error, "a path has too many directories", Some(path));
    }
    if path.len() > bounds.length || member.link.len() > bounds.length {
        gather.add(
            "PATH_TOO_LONG",
            Severity::Error,
            "a path or link target is longer than any Linux takes",
            Some(path),
        );
    }
}
