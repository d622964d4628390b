//! Images that attack a reader, or only look so, made here: each is judged as it should be, at random places as in a
//! stream.

use std::collections::BTreeMap;
use std::rc::Rc;

use layerwright::archive::gzip_write::GzipWriter;
use layerwright::image::{Image, Limits, StreamOpener, Unwatched, Verdict};
use layerwright::oci::Algorithm;
use layerwright::oci::hash::{digest as hash, sha256};
use pollster::block_on;

/// How an image is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judged {
    Ok,
    /// A warning, or an error.
    Flagged,
    Error,
}
use Judged::{Error, Flagged, Ok as Fine};

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = GzipWriter::new(6);
    writer.write(plain, &mut out);
    writer.finish(&mut out);
    out
}

/// Writes a header's checksum.
fn sum(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header[..512].iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// A member with its body, the header as given but for the checksum.
fn member(path: &[u8], flag: u8, link: &[u8], body: &[u8], edit: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut block = vec![0; 512];
    let put = |block: &mut [u8], at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(&mut block, 0, path);
    put(&mut block, 100, b"0000644\x000000000\x000000000\0");
    put(&mut block, 124, format!("{:011o}\0", body.len()).as_bytes());
    put(&mut block, 136, b"00000000000\0        ");
    block[156] = flag;
    put(&mut block, 157, link);
    put(&mut block, 257, b"ustar\x0000");
    edit(&mut block);
    sum(&mut block);
    block.extend_from_slice(body);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

fn file(path: &str, body: &[u8]) -> Vec<u8> {
    if path.len() > 100 {
        return [pax(b'x', &[("path", path)]), file("x", body)].concat();
    }
    member(path.as_bytes(), b'0', b"", body, |_| {})
}

fn of(path: &str, flag: u8, link: &str) -> Vec<u8> {
    member(path.as_bytes(), flag, link.as_bytes(), b"", |_| {})
}

/// An extended header of these records.
fn pax(flag: u8, records: &[(&str, &str)]) -> Vec<u8> {
    let mut body = String::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let length = (1..).map(|digits| rest + digits).find(|all| all.to_string().len() + rest == *all).unwrap();
        body.push_str(&format!("{length} {key}={value}\n"));
    }
    member(b"x", flag, b"", body.as_bytes(), |_| {})
}

fn tar(members: &[Vec<u8>]) -> Vec<u8> {
    [members.concat(), vec![0; 1024]].concat()
}

/// A layout with one image. Every document is given to `edit` before its digest is made.
struct Made {
    files: BTreeMap<String, Vec<u8>>,
}

impl Made {
    fn blob(&mut self, bytes: &[u8]) -> String {
        let digest = sha256(bytes);
        self.files.insert(digest.blob_path(), bytes.to_vec());
        format!(r#""digest":"{digest}","size":{}"#, bytes.len())
    }

    fn image(layers: &[(&str, Vec<u8>, Vec<u8>)], edit: impl Fn(&str, String) -> String) -> Self {
        let mut made = Self { files: BTreeMap::new() };
        let (mut list, mut diff_ids) = (Vec::new(), Vec::new());
        for (kind, blob, plain) in layers {
            let names = made.blob(blob);
            list.push(format!(r#"{{"mediaType":"application/vnd.oci.image.layer.v1.tar{kind}",{names}}}"#));
            diff_ids.push(format!(r#""{}""#, sha256(plain)));
        }
        let config = format!(
            r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":[{}]}}}}"#,
            diff_ids.join(",")
        );
        let config = made.blob(edit("config", config).as_bytes());
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json",{config}}},"layers":[{}]}}"#,
            list.join(",")
        );
        let manifest = made.blob(edit("manifest", manifest).as_bytes());
        let index = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json",{manifest}}}]}}"#
        );
        made.files.insert("index.json".into(), edit("index", index).into_bytes());
        made.files.insert("oci-layout".into(), edit("layout", r#"{"imageLayoutVersion":"1.0.0"}"#.into()).into_bytes());
        made
    }

    fn archive(&self) -> Vec<u8> {
        tar(&self.files.iter().map(|(path, bytes)| file(path, bytes)).collect::<Vec<_>>())
    }
}

/// An image of one plain layer of these members.
fn layer(members: &[Vec<u8>]) -> Vec<u8> {
    let plain = tar(members);
    Made::image(&[("", plain.clone(), plain)], |_, text| text).archive()
}

/// An image whose documents are changed.
fn edited(edit: impl Fn(&str, String) -> String) -> Vec<u8> {
    let plain = tar(&[file("a", b"a")]);
    Made::image(&[("", plain.clone(), plain)], edit).archive()
}

/// An image of one layer stored like this.
fn stored(kind: &str, blob: Vec<u8>, plain: &[u8]) -> Vec<u8> {
    Made::image(&[(kind, blob, plain.to_vec())], |_, text| text).archive()
}

fn look(bytes: &[u8], limits: Limits) -> (Judged, Vec<String>) {
    let judge = |opened: Result<Image, layerwright::image::OpenError>| match opened {
        Err(error) => (Error, vec![error.code().to_owned()]),
        Ok(image) => {
            let report = block_on(image.verify(&Unwatched)).unwrap();
            let judged = match report.verdict {
                Verdict::Ok => Fine,
                Verdict::Flag => Flagged,
                Verdict::Error => Error,
            };
            let mut codes: Vec<String> = report.findings.into_iter().map(|finding| finding.code).collect();
            codes.sort();
            codes.dedup();
            (judged, codes)
        }
    };
    let random = judge(block_on(Image::open(Rc::new(bytes.to_vec()), limits, &Unwatched)));
    let mut stream = StreamOpener::new(limits, None);
    let pushed = bytes.chunks(700).try_for_each(|piece| stream.push(piece));
    let streamed = judge(pushed.and_then(|()| block_on(stream.finish(&Unwatched))));
    assert_eq!(random, streamed, "a stream is judged as a file is");
    random
}

/// Name, image, what it is judged as, and a code that is among the findings.
type Case<'a> = (&'a str, Vec<u8>, Judged, &'a str);

fn check(cases: Vec<Case<'_>>) {
    let mut wrong = Vec::new();
    for (name, bytes, judged, code) in cases {
        let (is, codes) = look(&bytes, Limits::default());
        let right = if judged == Flagged { is != Fine } else { is == judged };
        if !right || !code.is_empty() && !codes.iter().any(|own| own == code) {
            wrong.push(format!("{name}: {is:?} {codes:?}, not {judged:?} {code}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn put(at: usize, bytes: &[u8]) -> impl Fn(&mut [u8]) {
    move |block| block[at..at + bytes.len()].copy_from_slice(bytes)
}

#[test]
fn framing_of_tars() {
    let inner = file("evil", b"x");
    let smuggled = [b"12345678".repeat(64), inner].concat();
    let sized = |flag, size: &str| member(b"d", flag, b"t", b"", put(124, size.as_bytes()));
    let old_sparse = |map: &'static [u8]| {
        member(b"s", b'S', b"", b"12345678", move |block: &mut [u8]| {
            block[257..265].copy_from_slice(b"ustar  \0");
            block[386..386 + map.len()].copy_from_slice(map);
            block[483..495].copy_from_slice(b"00000001000\0");
        })
    };
    let sparse = |major: &str, minor: &str, more: &[(&str, &str)], body: &[u8]| {
        let mut records = vec![("GNU.sparse.major", major), ("GNU.sparse.minor", minor), ("GNU.sparse.name", "s")];
        records.extend_from_slice(more);
        layer(&[pax(b'x', &records), file("GNUSparseFile.0/s", body)])
    };
    let map_block = |text: &str| [text.as_bytes(), &vec![0; 512 - text.len()], b"abcd"].concat();
    check(vec![
        ("plain", layer(&[file("a", b"a"), of("d/", b'5', "")]), Fine, ""),
        (
            "PAX size over a smuggled header",
            layer(&[pax(b'x', &[("size", "1024")]), member(b"a", b'0', b"", &smuggled, put(124, b"00000000000\0"))]),
            Flagged,
            "TAR_PAX_SIZE_DIFFERS",
        ),
        ("PAX size that agrees", layer(&[pax(b'x', &[("size", "3")]), file("a", b"abc")]), Fine, ""),
        (
            "PAX size of a FIFO",
            layer(&[pax(b'x', &[("size", "512")]), of("p", b'6', "")]),
            Flagged,
            "TAR_SIZE_WITHOUT_BODY",
        ),
        (
            "an extended and a global header before a file",
            layer(&[pax(b'x', &[("path", "b")]), pax(b'g', &[("comment", "c")]), file("a", b"")]),
            Flagged,
            "TAR_GLOBAL_HEADER_BETWEEN",
        ),
        (
            "two uid records",
            layer(&[pax(b'x', &[("uid", "1"), ("uid", "2")]), file("a", b"")]),
            Flagged,
            "TAR_DUPLICATE_PAX_RECORD",
        ),
        (
            "PAX link and GNU link",
            layer(&[
                pax(b'x', &[("linkpath", "b")]),
                member(b"././@LongLink", b'K', b"", b"c\0", |_| {}),
                of("a", b'2', "t"),
            ]),
            Flagged,
            "TAR_PAX_AND_GNU_NAME",
        ),
        (
            "a NUL in a user's name",
            layer(&[pax(b'x', &[("uname", "a\0b")]), file("a", b"")]),
            Error,
            "TAR_HEADER_INVALID",
        ),
        (
            "a record of length 0",
            layer(&[member(b"x", b'x', b"", b"0 path=b\n", |_| {}), file("a", b"")]),
            Error,
            "TAR_HEADER_INVALID",
        ),
        (
            "a record with a tab for a space",
            layer(&[member(b"x", b'x', b"", b"10\tpath=b\n", |_| {}), file("a", b"")]),
            Error,
            "TAR_HEADER_INVALID",
        ),
        (
            "a size of minus one in PAX",
            layer(&[pax(b'x', &[("size", "-1")]), file("a", b"")]),
            Error,
            "TAR_HEADER_INVALID",
        ),
        (
            "a size of 2^64",
            layer(&[pax(b'x', &[("size", "18446744073709551616")]), file("a", b"")]),
            Error,
            "TAR_HEADER_INVALID",
        ),
        (
            "a uid of 2^63 in PAX",
            layer(&[pax(b'x', &[("uid", "9223372036854775808")]), file("a", b"")]),
            Error,
            "TAR_HEADER_INVALID",
        ),
        (
            "a directory of 1 GiB",
            layer(&[sized(b'5', "10000000000\0"), file("a", b"")]),
            Flagged,
            "TAR_SIZE_WITHOUT_BODY",
        ),
        (
            "a character device of 5 bytes",
            layer(&[sized(b'3', "00000000005\0"), file("a", b"")]),
            Flagged,
            "TAR_SIZE_WITHOUT_BODY",
        ),
        (
            "a negative base-256 size",
            layer(&[sized(b'0', "\u{ff}"), file("a", b"")].map(|mut block| {
                if block[0] == b'd' {
                    block[124..136].fill(0xff);
                    sum(&mut block);
                }
                block
            })),
            Error,
            "TAR_HEADER_INVALID",
        ),
        ("a type of its own", layer(&[of("a", b'Q', "")]), Flagged, "TAR_UNKNOWN_TYPE"),
        ("a file with a slash", layer(&[of("a/", b'0', "")]), Flagged, "TAR_FILE_NAMED_AS_DIRECTORY"),
        ("an old file with a slash is a directory", layer(&[of("a/", 0, "")]), Fine, ""),
        (
            "ids beyond 31 bits",
            layer(&[pax(b'x', &[("gid", "4294967295")]), file("a", b"")]),
            Flagged,
            "TAR_ID_OUT_OF_RANGE",
        ),
        ("a time of no digits", layer(&[pax(b'x', &[("mtime", ".")]), file("a", b"")]), Error, "TAR_HEADER_INVALID"),
        (
            "a time with two points",
            layer(&[pax(b'x', &[("mtime", "1.2.3")]), file("a", b"")]),
            Error,
            "TAR_HEADER_INVALID",
        ),
        ("a time in exponents", layer(&[pax(b'x', &[("mtime", "1e9")]), file("a", b"")]), Error, "TAR_HEADER_INVALID"),
        ("a time before 1970", layer(&[pax(b'x', &[("mtime", "-0.5")]), file("a", b"")]), Fine, ""),
        (
            "a global size",
            layer(&[pax(b'g', &[("size", "5")]), file("a", b"")]),
            Flagged,
            "TAR_GLOBAL_HEADER_OVERRIDES",
        ),
        (
            "sparse 0.1 of odd length",
            sparse(
                "0",
                "1",
                &[("GNU.sparse.size", "8"), ("GNU.sparse.numblocks", "1"), ("GNU.sparse.map", "0,4,4")],
                b"abcd",
            ),
            Error,
            "TAR_HEADER_INVALID",
        ),
        (
            "sparse 0.1 out of order",
            sparse(
                "0",
                "1",
                &[("GNU.sparse.size", "9"), ("GNU.sparse.numblocks", "2"), ("GNU.sparse.map", "4,2,0,2")],
                b"abcd",
            ),
            Error,
            "TAR_SPARSE_INVALID",
        ),
        (
            "sparse 1.0 with a negative length",
            sparse("1", "0", &[("GNU.sparse.realsize", "8")], &map_block("1\n0\n-4\n")),
            Error,
            "TAR_SPARSE_INVALID",
        ),
        (
            "sparse 1.0 that ends in its map",
            sparse("1", "0", &[("GNU.sparse.realsize", "8")], b"9\n1\n"),
            Error,
            "TAR_TRUNCATED",
        ),
        (
            "sparse 1.0 with data that nothing refers to",
            sparse("1", "0", &[("GNU.sparse.realsize", "8")], &map_block("1\n0\n2\n")),
            Error,
            "TAR_SPARSE_INVALID",
        ),
        ("sparse 1.0", sparse("1", "0", &[("GNU.sparse.realsize", "8")], &map_block("1\n2\n4\n")), Fine, "TAR_SPARSE"),
        (
            "an old sparse file beyond its size",
            layer(&[old_sparse(b"00000000770\x0000000000100\0")]),
            Error,
            "TAR_SPARSE_INVALID",
        ),
        ("an old sparse file", layer(&[old_sparse(b"00000000010\x0000000000010\0")]), Fine, "TAR_SPARSE"),
        (
            "a long name of 2 MiB",
            layer(&[member(b"l", b'L', b"", &vec![b'n'; 2 << 20], |_| {}), file("a", b"")]),
            Error,
            "TAR_METADATA_TOO_LONG",
        ),
        ("a long name cut off", layer(&[])[..].to_vec(), Fine, ""),
        (
            "a whole other tar behind the end",
            stored(
                "",
                [tar(&[file("a", b"a")]), tar(&[file("b", b"b")])].concat(),
                &[tar(&[file("a", b"a")]), tar(&[file("b", b"b")])].concat(),
            ),
            Flagged,
            "TAR_TRAILING_DATA",
        ),
        (
            "one zero block and text",
            stored(
                "",
                [file("a", b"a"), vec![0; 512], vec![b'x'; 512]].concat(),
                &[file("a", b"a"), vec![0; 512], vec![b'x'; 512]].concat(),
            ),
            Error,
            "TAR_HEADER_INVALID",
        ),
        (
            "a header for nothing at the end",
            layer(&[file("a", b"a"), pax(b'x', &[("path", "b")])]),
            Flagged,
            "TAR_DANGLING_HEADER",
        ),
    ]);
}

#[test]
fn names_links_and_whiteouts() {
    let two = |low: &[Vec<u8>], high: &[Vec<u8>]| {
        let (low, high) = (tar(low), tar(high));
        Made::image(&[("", low.clone(), low), ("", high.clone(), high)], |_, text| text).archive()
    };
    let chain: Vec<Vec<u8>> = (0..300).map(|n| of(&format!("l{n}"), b'2', &format!("l{}", n + 1))).collect();
    let deep = vec!["d"; 1900].join("/");
    let deeper = vec!["d"; 2060].join("/");
    let long = |path: &str| layer(&[pax(b'x', &[("path", path)]), file("a", b"")]);
    check(vec![
        ("up and out", layer(&[file("a/../../b", b"")]), Error, "PATH_TRAVERSAL"),
        ("up, out and in again", layer(&[file("../rootfs/b", b"")]), Error, "PATH_TRAVERSAL"),
        ("up and inside", layer(&[file("a/b/../c", b"")]), Flagged, "PATH_DOTDOT"),
        ("dots that are names", layer(&[file("...", b""), file("a..b/..c", b"")]), Fine, ""),
        ("absolute", layer(&[file("/etc/x", b"")]), Flagged, "PATH_ABSOLUTE"),
        ("a PAX name that goes out", long("../../x"), Error, "PATH_TRAVERSAL"),
        (
            "a GNU long name that goes out",
            layer(&[member(b"././@LongLink", b'L', b"", b"../../x\0", |_| {}), file("a", b"")]),
            Error,
            "PATH_TRAVERSAL",
        ),
        (
            "a sparse name that goes out",
            layer(&[
                pax(
                    b'x',
                    &[
                        ("GNU.sparse.major", "0"),
                        ("GNU.sparse.minor", "1"),
                        ("GNU.sparse.name", "../x"),
                        ("GNU.sparse.size", "1"),
                        ("GNU.sparse.numblocks", "1"),
                        ("GNU.sparse.map", "0,1"),
                    ],
                ),
                file("s", b"a"),
            ]),
            Error,
            "PATH_TRAVERSAL",
        ),
        (
            "through a symlink that leads out",
            layer(&[of("l", b'2', "/../.."), file("l/x", b"")]),
            Flagged,
            "PATH_THROUGH_OUTWARD_SYMLINK",
        ),
        (
            "through two symlinks that lead out together",
            layer(&[of("a", b'2', ".."), of("b", b'2', "a/.."), file("b/x", b"")]),
            Flagged,
            "PATH_THROUGH_OUTWARD_SYMLINK",
        ),
        (
            "through a symlink of the layer below",
            two(&[of("l", b'2', "/../etc")], &[file("l/x", b"")]),
            Flagged,
            "PATH_THROUGH_OUTWARD_SYMLINK",
        ),
        (
            "through an absolute symlink, inside to a runtime and outside to a tool",
            layer(&[of("usr/bin/", b'5', ""), of("bin", b'2', "/usr/bin"), file("bin/sh", b"")]),
            Flagged,
            "",
        ),
        ("a hard link to itself", layer(&[of("a", b'1', "a")]), Flagged, "HARDLINK_TARGET_MISSING"),
        ("a hard link that goes up", layer(&[file("a", b""), of("b", b'1', "../a")]), Flagged, "HARDLINK_DOTDOT"),
        (
            "a hard link to a directory",
            layer(&[of("d/", b'5', ""), of("b", b'1', "d")]),
            Flagged,
            "HARDLINK_TO_DIRECTORY",
        ),
        ("a hard link to nothing", layer(&[of("b", b'1', "c")]), Flagged, "HARDLINK_TARGET_MISSING"),
        ("a hard link into the layer below", two(&[file("a", b"a")], &[of("b", b'1', "a")]), Fine, ""),
        (
            "a hard link to what its layer deletes",
            two(&[file("a", b"a")], &[of("b", b'1', "a"), file(".wh.a", b"")]),
            Flagged,
            "HARDLINK_TO_DELETED",
        ),
        (
            "a hard link to a device",
            layer(&[of("n", b'3', ""), of("b", b'1', "n")].map(|mut block| {
                if block[0] == b'n' {
                    block[329..337].copy_from_slice(b"0000001\0");
                    sum(&mut block);
                }
                block
            })),
            Fine,
            "",
        ),
        (
            "symlinks in a circle, written through",
            layer(&[of("a", b'2', "b"), of("b", b'2', "a"), file("a/x", b"")]),
            Flagged,
            "SYMLINK_LOOP",
        ),
        ("symlinks in a circle, left alone", layer(&[of("a", b'2', "b"), of("b", b'2', "a")]), Fine, ""),
        ("300 symlinks, written through", layer(&[chain, vec![file("l0/x", b"")]].concat()), Flagged, "SYMLINK_LOOP"),
        (
            "a name twice by its slash",
            layer(&[of("a/", b'5', ""), of("./a", b'5', "")]),
            Error,
            "LAYER_DUPLICATE_ENTRY",
        ),
        ("a name twice by its dots", layer(&[file("a/b", b""), file("a//b", b"")]), Error, "LAYER_DUPLICATE_ENTRY"),
        ("the same name in two layers", two(&[file("a", b"1")], &[file("a", b"2")]), Fine, ""),
        (
            "a whiteout of no name, deep",
            two(&[file("a/b/c", b"")], &[file("a/b/.wh.", b"")]),
            Error,
            "WHITEOUT_NAME_INVALID",
        ),
        (
            "a whiteout of the directory above",
            two(&[file("a/b", b"")], &[file("a/.wh...", b"")]),
            Error,
            "WHITEOUT_NAME_INVALID",
        ),
        (
            "a whiteout of the directory",
            two(&[file("a/b", b"")], &[file("a/.wh..", b"")]),
            Error,
            "WHITEOUT_NAME_INVALID",
        ),
        ("a whiteout of three dots", two(&[file("a/...", b"")], &[file("a/.wh....", b"")]), Fine, ""),
        (
            "a whiteout that is a symlink",
            two(&[file("a", b"")], &[of(".wh.a", b'2', "b")]),
            Flagged,
            "WHITEOUT_NOT_EMPTY_FILE",
        ),
        ("a whiteout with content", two(&[file("a", b"")], &[file(".wh.a", b"x")]), Flagged, "WHITEOUT_NOT_EMPTY_FILE"),
        (
            "a whiteout through a symlink",
            two(&[of("d/", b'5', ""), of("l", b'2', "d"), file("d/a", b"")], &[file("l/.wh.a", b"")]),
            Flagged,
            "WHITEOUT_THROUGH_SYMLINK",
        ),
        (
            "opaque behind its siblings",
            two(&[file("d/a", b"")], &[file("d/b", b""), file("d/.wh..wh..opq", b"")]),
            Fine,
            "",
        ),
        (
            "look-alikes of whiteouts",
            two(&[file("wh.a", b"")], &[file(".whx", b""), file("x.wh.a", b""), file("awh.b", b"")]),
            Fine,
            "",
        ),
        (
            "metadata of AUFS",
            layer(&[of(".wh..wh.plnk/", b'5', ""), file(".wh..wh.aufs", b""), of(".wh..wh.orph/", b'5', "")]),
            Fine,
            "",
        ),
        ("a whiteout of overlayfs", layer(&[of("a", b'3', "")]), Flagged, "OVERLAY_WHITEOUT"),
        (
            "an attribute of overlayfs",
            layer(&[pax(b'x', &[("SCHILY.xattr.user.overlay.opaque", "y")]), of("d/", b'5', "")]),
            Flagged,
            "OVERLAY_XATTR",
        ),
        ("names of prototypes", layer(&[file("__proto__/constructor", b""), file("toString", b"")]), Fine, ""),
        ("a file as a directory", layer(&[file("a", b""), file("a/b", b"")]), Flagged, "PARENT_NOT_DIRECTORY"),
        ("a directory over a file of below", two(&[file("a", b"")], &[of("a/", b'5', ""), file("a/b", b"")]), Fine, ""),
        ("an empty name", layer(&[of("", b'0', "")]), Flagged, "PATH_EMPTY"),
        ("the root as a file", layer(&[file("./", b"")]), Flagged, ""),
        ("1,900 names deep", long(&deep), Fine, ""),
        ("2,060 names deep", long(&deeper), Error, "PATH_TOO_DEEP"),
        ("a path of 5,000 bytes", long(&"a/bcdefghi".repeat(500)), Error, "PATH_TOO_LONG"),
        ("a path of 100,000 bytes", long(&"a/bcdefghi".repeat(10_000)), Error, "TAR_PATH_TOO_LONG"),
        ("a name of 256 bytes", long(&"n".repeat(256)), Flagged, "PATH_COMPONENT_TOO_LONG"),
        ("a name of 255 bytes", long(&"n".repeat(255)), Fine, ""),
    ]);
}

#[test]
fn compressed_layers() {
    let plain = tar(&[file("a", b"hello"), file("b", &[7; 3000])]);
    let one = gzip(&plain);
    let (head, tail) = plain.split_at(700);
    let members = [gzip(head), gzip(b""), gzip(tail), gzip(b"")].concat();
    let changed = |at: usize, byte: u8| {
        let mut blob = one.clone();
        let at = if at > 1 << 20 { blob.len() - (usize::MAX - at) } else { at };
        blob[at] ^= byte;
        blob
    };
    let zstd = |plain: &[u8]| ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest);
    let frames = [zstd(head), b"\x53\x2a\x4d\x18\x02\0\0\0no".to_vec(), zstd(tail)].concat();
    // A frame of a window of 2 GiB, which says so in its header.
    let window = [b"\x28\xb5\x2f\xfd\x00\xa8".as_slice(), b"\x01\0\0"].concat();
    let gz = |blob: Vec<u8>| stored("+gzip", blob, &plain);
    let zs = |blob: Vec<u8>| stored("+zstd", blob, &plain);
    check(vec![
        ("gzip", gz(one.clone()), Fine, ""),
        ("members, some empty", gz(members), Fine, ""),
        (
            "a member more that is no part of the diffID",
            gz([one.clone(), gzip(b"x")].concat()),
            Error,
            "DIFF_ID_MISMATCH",
        ),
        ("text behind", gz([one.as_slice(), b"text"].concat()), Error, "COMPRESSION_TRAILING_DATA"),
        ("zeros behind", gz([one.as_slice(), &[0; 512]].concat()), Flagged, "GZIP_TRAILING_ZEROS"),
        ("a wrong checksum", gz(changed(usize::MAX - 8, 1)), Error, "COMPRESSION_CHECKSUM_MISMATCH"),
        ("a wrong length", gz(changed(usize::MAX - 2, 1)), Error, "COMPRESSION_CHECKSUM_MISMATCH"),
        ("cut in its header", gz(one[..7].to_vec()), Error, "COMPRESSION_TRUNCATED"),
        ("cut in its middle", gz(one[..one.len() / 2].to_vec()), Error, "COMPRESSION_TRUNCATED"),
        ("cut in its trailer", gz(one[..one.len() - 3].to_vec()), Error, "COMPRESSION_TRUNCATED"),
        ("another method", gz(changed(2, 1)), Error, ""),
        ("reserved flags", gz(changed(3, 0x80)), Flagged, ""),
        ("zstd", zs(zstd(&plain)), Fine, ""),
        ("frames, one skipped", zs(frames), Fine, ""),
        ("zstd cut", zs(zstd(&plain)[..20].to_vec()), Error, "COMPRESSION_TRUNCATED"),
        ("text behind zstd", zs([zstd(&plain), b"text".to_vec()].concat()), Error, "COMPRESSION_TRAILING_DATA"),
        ("a window of 2 GiB", zs(window), Error, "ZSTD_WINDOW_TOO_LARGE"),
        ("zstd named gzip", gz(zstd(&plain)), Flagged, "MEDIA_TYPE_CONTENT_MISMATCH"),
        ("gzip named tar", stored("", one.clone(), &plain), Flagged, "MEDIA_TYPE_CONTENT_MISMATCH"),
        ("xz named gzip", gz(b"\xfd7zXZ\0\0\x04xxxxxxxxxxxx".to_vec()), Error, "COMPRESSION_UNSUPPORTED"),
        ("gzip in gzip", stored("+gzip", gzip(&one), &one), Error, ""),
        ("no bytes at all", gz(Vec::new()), Flagged, "LAYER_EMPTY"),
        ("an encrypted layer", stored("+gzip+encrypted", b"noise".to_vec(), &plain), Flagged, "LAYER_ENCRYPTED"),
    ]);
}

#[test]
fn documents() {
    let replace = |document: &'static str, from: &'static str, to: &'static str| {
        edited(move |name, text| {
            if name != document {
                return text;
            }
            assert!(text.contains(from), "{from} in {text}");
            text.replacen(from, to, 1)
        })
    };
    let append = |document: &'static str, more: &'static str| {
        edited(move |name, text| if name == document { format!("{}{more}", &text[..text.len() - 1]) } else { text })
    };
    check(vec![
        ("plain", edited(|_, text| text), Fine, ""),
        ("layers twice", append("manifest", r#","layers":[]}"#), Error, "JSON_DUPLICATE_KEY"),
        ("a key twice, once escaped", append("manifest", r#","l\u0061yers":[]}"#), Error, "JSON_DUPLICATE_KEY"),
        (
            "a key twice in a label",
            append("config", r#","config":{"Labels":{"a":"1","a":"2"}}}"#),
            Error,
            "JSON_DUPLICATE_KEY",
        ),
        ("LAYERS", append("manifest", r#","LAYERS":[]}"#), Flagged, "JSON_KEY_CASE"),
        ("case in a descriptor", append("index", r#","manifestS":[]}"#), Flagged, "JSON_KEY_CASE"),
        ("a manifest with manifests", append("manifest", r#","manifests":[]}"#), Error, "MANIFEST_AMBIGUOUS"),
        ("an index with a config", append("index", r#","config":{}}"#), Error, "MANIFEST_AMBIGUOUS"),
        (
            "another media type",
            replace("manifest", "image.manifest.v1+json", "image.index.v1+json"),
            Error,
            "MEDIA_TYPE_MISMATCH",
        ),
        ("a second value", append("config", "} {}"), Error, "JSON_INVALID"),
        (
            "a byte order mark",
            edited(|name, text| if name == "manifest" { format!("\u{feff}{text}") } else { text }),
            Error,
            "JSON_INVALID",
        ),
        ("a comment", append("manifest", "} // no"), Error, "JSON_INVALID"),
        ("single quotes", replace("config", r#""amd64""#, "'amd64'"), Error, "JSON_INVALID"),
        (
            "UTF-16",
            edited(|name, text| if name == "layout" { text.replace('"', "\"\0") } else { text }),
            Error,
            "JSON_INVALID",
        ),
        (
            "version 2.0",
            replace("manifest", r#""schemaVersion":2"#, r#""schemaVersion":2.0"#),
            Error,
            "SCHEMA_VERSION_INVALID",
        ),
        (
            "version two in exponents",
            replace("manifest", r#""schemaVersion":2"#, r#""schemaVersion":2e0"#),
            Error,
            "SCHEMA_VERSION_INVALID",
        ),
        (
            "a digest of capitals",
            replace("manifest", r#""digest":"sha256:"#, r#""digest":"SHA256:"#),
            Error,
            "DIGEST_INVALID",
        ),
        (
            "a digest that goes up",
            replace("index", r#""digest":"sha256:"#, r#""digest":"sha256:../"#),
            Error,
            "DIGEST_INVALID",
        ),
        (
            "an unknown algorithm",
            replace("manifest", r#""digest":"sha256:"#, r#""digest":"multihash+base58:"#),
            Error,
            "DIGEST_UNVERIFIABLE",
        ),
        (
            "a short blake3",
            replace("manifest", r#""digest":"sha256:"#, r#""digest":"blake3:0"#),
            Error,
            "DIGEST_INVALID",
        ),
        (
            "a size with a fraction",
            edited(|name, text| if name == "index" { text.replace("}]}", ".5}]}") } else { text }),
            Error,
            "SIZE_INVALID",
        ),
        (
            "no media type",
            replace("index", r#""mediaType":"application/vnd.oci.image.manifest.v1+json","#, ""),
            Error,
            "MEDIA_TYPE_MISSING",
        ),
        (
            "a media type of one word",
            replace("index", "application/vnd.oci.image.manifest.v1+json", "manifest"),
            Error,
            "MEDIA_TYPE_INVALID",
        ),
        (
            "a rootfs of another type",
            replace("config", r#""type":"layers""#, r#""type":"overlay""#),
            Error,
            "ROOTFS_TYPE",
        ),
        ("no diffIDs", replace("config", r#""diff_ids":["#, r#""diffIDs":["#), Error, "DIFF_ID_COUNT"),
        ("history of two", append("config", r#","history":[{},{"empty_layer":false}]}"#), Flagged, "HISTORY_COUNT"),
        ("an empty step", append("config", r#","history":[{},{"empty_layer":true}]}"#), Fine, ""),
        (
            "created of the year 300000",
            append("config", r#","created":"300000-01-01T00:00:00Z"}"#),
            Flagged,
            "CREATED_INVALID",
        ),
        ("created elsewhere", append("config", r#","created":"2024-01-01T00:00:00+14:00"}"#), Fine, ""),
        (
            "a layer from an address",
            edited(|name, text| {
                if name == "manifest" { text.replace("}]}", r#","urls":["http://169.254.169.254/"]}]}"#) } else { text }
            }),
            Flagged,
            "LAYER_HAS_URLS",
        ),
        (
            "an address with spaces",
            edited(
                |name, text| {
                    if name == "manifest" { text.replace("}]}", r#","urls":["http://a b/"]}]}"#) } else { text }
                },
            ),
            Flagged,
            "URLS_INVALID",
        ),
        (
            "data that are others",
            edited(|name, text| if name == "index" { text.replace("}]}", r#","data":"e30="}]}"#) } else { text }),
            Error,
            "DATA_MISMATCH",
        ),
        (
            "data that are none",
            edited(|name, text| if name == "index" { text.replace("}]}", r#","data":"%%"}]}"#) } else { text }),
            Error,
            "DATA_INVALID",
        ),
        (
            "a platform without a system",
            edited(|name, text| {
                if name == "index" { text.replace("}]}", r#","platform":{"architecture":"amd64"}}]}"#) } else { text }
            }),
            Flagged,
            "PLATFORM_INVALID",
        ),
        (
            "a platform that lies",
            edited(|name, text| {
                if name == "index" {
                    text.replace("}]}", r#","platform":{"architecture":"arm64","os":"linux"}}]}"#)
                } else {
                    text
                }
            }),
            Flagged,
            "PLATFORM_MISMATCH",
        ),
        (
            "an artifact type of one word",
            append("manifest", r#","artifactType":"sbom"}"#),
            Flagged,
            "ARTIFACT_TYPE_INVALID",
        ),
        (
            "a subject that is none",
            append("manifest", r#","subject":{"mediaType":"a/b","size":1}}"#),
            Error,
            "DIGEST_MISSING",
        ),
        (
            "an index about something",
            append("index", r#","subject":{"mediaType":"a/b","digest":"sha256:zz","size":1}}"#),
            Error,
            "DIGEST_INVALID",
        ),
        (
            "a moment in an annotation",
            append("manifest", r#","annotations":{"org.opencontainers.image.created":"today"}}"#),
            Flagged,
            "ANNOTATION_VALUE",
        ),
        (
            "a base that is no digest",
            append("manifest", r#","annotations":{"org.opencontainers.image.base.digest":"latest"}}"#),
            Flagged,
            "ANNOTATION_VALUE",
        ),
        (
            "known annotations",
            append(
                "manifest",
                r#","annotations":{"org.opencontainers.image.created":"2024-01-01T00:00:00Z","a.b":""}}"#,
            ),
            Fine,
            "",
        ),
        (
            "an annotation that is a number",
            append("manifest", r#","annotations":{"a":1}}"#),
            Flagged,
            "ANNOTATION_NOT_STRING",
        ),
        (
            "an environment without names",
            append("config", r#","config":{"Env":["A=b","=c"],"ExposedPorts":{"x/tcp":{}}}}"#),
            Fine,
            "CONFIG_ENV_FORMAT",
        ),
        (
            "an environment that is no list",
            append("config", r#","config":{"Env":"A=b"}}"#),
            Flagged,
            "CONFIG_FIELD_TYPE",
        ),
        ("another layout", replace("layout", "1.0.0", "1.1.0"), Flagged, "LAYOUT_VERSION"),
        ("no configuration", replace("manifest", r#""config":"#, r#""conf":"#), Error, "MANIFEST_WITHOUT_CONFIG"),
        (
            "layers that are a map",
            edited(
                |name, text| {
                    if name == "manifest" { format!("{}{{}}}}", &text[..text.find("[{").unwrap()]) } else { text }
                },
            ),
            Error,
            "MANIFEST_WITHOUT_LAYERS",
        ),
        (
            "a list in a list",
            edited(|name, text| {
                if name == "config" {
                    format!("{},\"x\":{}{}}}", &text[..text.len() - 1], "[".repeat(70), "]".repeat(70))
                } else {
                    text
                }
            }),
            Error,
            "JSON_TOO_DEEP",
        ),
    ]);
}

/// Indexes around an image, as many as asked for, the innermost first.
fn nested(depth: usize, edit: impl Fn(usize, String) -> String) -> Made {
    let plain = tar(&[file("a", b"a")]);
    let mut made = Made::image(&[("", plain.clone(), plain)], |_, text| text);
    for number in 0..depth {
        let inner = made.files.insert("index.json".into(), Vec::new()).unwrap();
        let names = made.blob(&inner);
        let index = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.index.v1+json",{names}}}]}}"#
        );
        made.files.insert("index.json".into(), edit(number, index).into_bytes());
    }
    made
}

#[test]
fn graphs_and_archives() {
    let plain = tar(&[file("a", b"a")]);
    let base = || Made::image(&[("", plain.clone(), plain.clone())], |_, text| text);
    let with = |path: &str, bytes: &[u8]| {
        let mut made = base();
        made.files.insert(path.into(), bytes.to_vec());
        made.archive()
    };
    let without = |path: &str| {
        let mut made = base();
        made.files.retain(|name, _| !name.starts_with(path));
        made.archive()
    };
    // The layer as sha512.
    let mut large = Made { files: BTreeMap::new() };
    let digest = hash(Algorithm::Sha512, &plain).unwrap();
    large.files.insert(digest.blob_path(), plain.clone());
    let config = large.blob(
        format!(r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":["{digest}"]}}}}"#)
            .as_bytes(),
    );
    let manifest = large.blob(format!(r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.oci.image.config.v1+json",{config}}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{digest}","size":{}}}]}}"#, plain.len()).as_bytes());
    large.files.insert("index.json".into(), format!(r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json",{manifest}}}]}}"#).into_bytes());
    large.files.insert("oci-layout".into(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec());
    let mut large_wrong = Made { files: large.files.clone() };
    large_wrong.files.insert(digest.blob_path(), tar(&[file("b", b"b")]));
    // The blobs elsewhere, with links where they should be.
    let links = |target: &str| {
        let made = base();
        let mut members = Vec::new();
        for (path, bytes) in &made.files {
            match path.strip_prefix("blobs/sha256/") {
                Some(name) => {
                    members.push(file(&format!("store/{}", &name[..20]), bytes));
                    members.push(member(
                        path.as_bytes(),
                        b'2',
                        format!("{target}/{}", &name[..20]).as_bytes(),
                        b"",
                        |_| {},
                    ));
                }
                None => members.push(file(path, bytes)),
            }
        }
        tar(&members)
    };
    let docker = |manifest: &str, more: &[Vec<u8>]| {
        let config = format!(
            r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":["{}"]}}}}"#,
            sha256(&plain)
        );
        let name = format!("{}.json", sha256(config.as_bytes()).encoded());
        let manifest = manifest.replace("CONFIG", &name);
        tar(&[vec![file(&name, config.as_bytes()), file("manifest.json", manifest.as_bytes())], more.to_vec()].concat())
    };
    let usual = r#"[{"Config":"CONFIG","RepoTags":["a:1"],"Layers":["x/layer.tar"]}]"#;
    let bytes = base().archive();
    check(vec![
        ("nested 5", nested(5, |_, text| text).archive(), Fine, ""),
        ("nested 12", nested(12, |_, text| text).archive(), Error, "INDEX_TOO_DEEP"),
        (
            "an index that says it is a manifest",
            nested(2, |number, text| {
                if number == 0 {
                    text.replacen('{', r#"{"mediaType":"application/vnd.oci.image.manifest.v1+json","#, 1)
                } else {
                    text
                }
            })
            .archive(),
            Error,
            "MEDIA_TYPE_MISMATCH",
        ),
        ("sha512", large.archive(), Fine, ""),
        ("sha512 of something else", large_wrong.archive(), Error, "LAYER_DIGEST_MISMATCH"),
        ("no layout file", without("oci-layout"), Flagged, "LAYOUT_FILE_MISSING"),
        ("no blobs", without("blobs"), Error, "MANIFEST_MISSING"),
        ("no index", without("index.json"), Error, "ARCHIVE_WITHOUT_IMAGE"),
        ("a blob of nobody", with(&sha256(b"x").blob_path(), b"x"), Fine, ""),
        ("a blob of nobody, altered", with(&sha256(b"x").blob_path(), b"y"), Flagged, "UNREFERENCED_BLOB_MISMATCH"),
        ("a file among the blobs", with("blobs/sha256/README", b"x"), Fine, "BLOB_NAME_INVALID"),
        ("links inside", links("../../store"), Fine, ""),
        ("links inside, absolute", links("/store"), Fine, ""),
        ("links outside", links("../../../store"), Error, "BLOB_SYMLINK_BROKEN"),
        (
            "the archive cut off in a document that is none",
            {
                let mut made = base();
                made.files.insert("oci-layout".into(), vec![0; 2000]);
                let archive = made.archive();
                archive[..archive.len() - 2048].to_vec()
            },
            Error,
            "SOURCE_UNREADABLE",
        ),
        ("the archive cut off", bytes[..bytes.len() - 2000].to_vec(), Error, ""),
        (
            "two archives, one behind the other",
            [bytes.clone(), bytes.clone()].concat(),
            Flagged,
            "ARCHIVE_TRAILING_DATA",
        ),
        ("the archive in gzip", gzip(&bytes), Fine, ""),
        ("the archive in gzip, cut", gzip(&bytes)[..400].to_vec(), Error, "COMPRESSION_TRUNCATED"),
        ("Docker", docker(usual, &[file("x/layer.tar", &plain)]), Fine, ""),
        (
            "Docker, two of the same layer",
            docker(&usual.replace(r#"Layers":["#, r#"Layers":["x/layer.tar","#), &[file("x/layer.tar", &plain)]),
            Error,
            "DIFF_ID_COUNT",
        ),
        (
            "Docker, a layer that goes up",
            docker(&usual.replace("x/layer.tar", "../layer.tar"), &[]),
            Error,
            "DOCKER_PATH_TRAVERSAL",
        ),
        (
            "Docker, a layer that is a link in a chain",
            docker(usual, &[of("x/layer.tar", b'2', "../b"), of("b", b'2', "c/d"), file("c/d", &plain)]),
            Fine,
            "",
        ),
        (
            "Docker, a layer that is a link out",
            docker(usual, &[of("x/layer.tar", b'2', "/etc/passwd")]),
            Error,
            "BLOB_SYMLINK_BROKEN",
        ),
        ("Docker, a layer that is a directory", docker(usual, &[of("x/layer.tar/", b'5', "")]), Error, "BLOB_NOT_FILE"),
        ("Docker, null", docker("null", &[]), Error, "DOCKER_MANIFEST_INVALID"),
        ("Docker, no images", docker("[]", &[]), Error, "DOCKER_MANIFEST_INVALID"),
        (
            "Docker, a name that is none",
            docker(&usual.replace("a:1", "../a:1"), &[file("x/layer.tar", &plain)]),
            Flagged,
            "REPO_TAG_INVALID",
        ),
        ("Docker, gzip layers", docker(usual, &[file("x/layer.tar", &gzip(&plain))]), Fine, ""),
        ("nothing", Vec::new(), Error, "ARCHIVE_EMPTY"),
        ("zeros", vec![0; 10_240], Error, "ARCHIVE_WITHOUT_IMAGE"),
        ("text", b"hello, this is no archive".repeat(100), Error, "ARCHIVE_INVALID"),
    ]);
}
