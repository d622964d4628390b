//! Images changed and looked at again: every outcome verifies, and its files are what they should be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use layerwright::archive::tar_write::Time;
use layerwright::build::assemble::{Request, build};
use layerwright::build::context::{ContextFile, ContextKind, tree};
use layerwright::build::layer::LayerCompression;
use layerwright::build::tree::Content;
use layerwright::change::index::{Combine, combine};
use layerwright::change::layers::AdditionContent;
use layerwright::change::rebase::ConflictReason;
use layerwright::change::{Addition, ChangeError, ChangeReport, Changes, ConfigChanges, Rebase, Squash, change};
use layerwright::image::save::{Contents, SaveFormat, save};
use layerwright::image::{Image, Limits, ManifestKind, Unwatched, Verdict};
use layerwright::oci::Platform;
use layerwright::plan;
use serde_json::{Value, json};

fn file(path: &str, text: &str) -> ContextFile {
    let kind = ContextKind::File(Content::bytes(text.as_bytes()));
    ContextFile { path: path.into(), kind, mode: Some(0o640), mtime: Time { seconds: 1_700_000_000, nanos: 0 } }
}

fn link(path: &str, target: &str) -> ContextFile {
    ContextFile { path: path.into(), kind: ContextKind::HardLink(target.into()), mode: None, mtime: Time::default() }
}

fn image(dockerfile: &str, context: Vec<ContextFile>, platforms: &[&str]) -> Rc<Image> {
    let own = plan::Platform::linux("amd64");
    let request = Request {
        dockerfile: dockerfile.as_bytes().to_vec(),
        context,
        platforms: platforms.iter().map(|name| plan::Platform::parse(name, &own).unwrap()).collect(),
        tags: vec!["app:1".to_owned()],
        ..Request::default()
    };
    open(&pollster::block_on(build(request, &Unwatched, &[])).unwrap().contents, SaveFormat::OciLayout)
}

fn open(contents: &Contents, format: SaveFormat) -> Rc<Image> {
    let rope = save(contents, format).unwrap();
    Rc::new(pollster::block_on(Image::open(Rc::new(rope), Limits::default(), &Unwatched)).unwrap())
}

/// Changes an image; the outcome verifies in every form.
fn changed(image: &Rc<Image>, changes: &Changes) -> (Rc<Image>, ChangeReport) {
    let done = pollster::block_on(change(image, changes, &Unwatched)).unwrap();
    for format in [SaveFormat::DockerArchive, SaveFormat::Hybrid] {
        verified(&open(&done.contents, format));
    }
    let out = open(&done.contents, SaveFormat::OciLayout);
    verified(&out);
    (out, done.report)
}

fn verified(image: &Rc<Image>) {
    let report = pollster::block_on(image.verify(&Unwatched)).unwrap();
    assert_eq!(report.verdict, Verdict::Ok, "{:#?}", report.findings);
}

/// Path to kind, mode, owner, size, content and first name of every file of the first image.
fn files(image: &Rc<Image>) -> BTreeMap<String, String> {
    let at = image.images().next().unwrap().0;
    let merged = pollster::block_on(image.tree(at, Some(u64::MAX), &Unwatched)).unwrap();
    let mut out = BTreeMap::new();
    let mut first = std::collections::HashMap::new();
    merged.visit(&mut |view| {
        let about = &view.node.attributes;
        let path = String::from_utf8_lossy(view.path).into_owned();
        let one = first.entry(view.name.node).or_insert_with(|| path.clone()).clone();
        out.insert(path, format!("{:?}", (about.kind.name(), about.mode, about.uid, about.size, one, view.sha256)));
    });
    out
}

fn config(image: &Rc<Image>) -> Value {
    image.images().next().unwrap().1.config_json.clone().unwrap()
}

fn layers(image: &Rc<Image>) -> Vec<String> {
    image.images().next().unwrap().1.layers.iter().map(|layer| layer.name().to_owned()).collect()
}

const THREE: &str =
    "FROM scratch\nENV A=1 B=2\nCOPY base /base\nCOPY top /base\nCOPY more /more/\nLABEL l=1\nCMD [\"/x\"]\n";

fn three() -> Rc<Image> {
    let context = vec![
        file("base/keep", "keep"),
        file("base/over", "old"),
        link("base/second", "base/keep"),
        file("top/over", "new"),
        file("more/one", "1"),
        link("more/two", "more/one"),
        link("more/three", "more/one"),
    ];
    image(THREE, context, &[])
}

#[test]
fn nothing_asked_gives_the_same_bytes() {
    let before = three();
    let (after, report) = changed(&before, &Changes::default());
    assert_eq!(before.images().next().unwrap().1.digest, after.images().next().unwrap().1.digest);
    assert_eq!((report.images[0].kept, report.images[0].made), (3, 0));
    assert_eq!(after.images().next().unwrap().1.refs, before.images().next().unwrap().1.refs);
}

#[test]
fn configuration_annotations_and_names() {
    let before = three();
    let config_changes: ConfigChanges =
        serde_json::from_value(json!({ "env": { "A": null, "C": "3" }, "user": "1000", "cmd": ["/y"] })).unwrap();
    let changes = Changes {
        config: config_changes,
        annotations: BTreeMap::from([("a.b".to_owned(), Some("c".to_owned()))]),
        tags: Some(vec!["other".to_owned(), "third:2".to_owned()]),
        ..Changes::default()
    };
    let (after, _) = changed(&before, &changes);
    let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(config(&after)["config"]["Env"], json!([path, "B=2", "C=3"]));
    assert_eq!(config(&after)["config"]["User"], "1000");
    assert_eq!(config(&after)["config"]["Labels"], json!({ "l": "1" }));
    assert_eq!(layers(&after), layers(&before));
    let manifest = after.images().next().unwrap().1;
    assert_eq!(manifest.annotations.get("a.b"), Some(&json!("c")));
    let names: BTreeSet<&str> = manifest.refs.iter().map(String::as_str).collect();
    assert!(names.contains("other:latest") && names.contains("third:2"), "{names:?}");
}

#[test]
fn squash_and_flatten_keep_the_files() {
    let before = three();
    for squash in [Squash::Upper(2), Squash::Upper(3), Squash::All] {
        let (after, _) = changed(&before, &Changes { squash, ..Changes::default() });
        let count = match squash {
            Squash::Upper(upper) => 3 - upper + 1,
            _ => 1,
        };
        assert_eq!(layers(&after).len(), count);
        let (mut got, mut want) = (files(&after), files(&before));
        if squash == Squash::Upper(2) {
            assert_eq!(layers(&after)[0], layers(&before)[0]);
        }
        // The root is made by no layer.
        got.remove("");
        want.remove("");
        assert_eq!(got, want, "{squash:?}");
        let history = config(&after)["history"].as_array().unwrap().clone();
        let made = history.iter().filter(|step| step["empty_layer"] != true).count();
        assert_eq!(made, count);
    }
    let error =
        pollster::block_on(change(&before, &Changes { squash: Squash::Upper(4), ..Changes::default() }, &Unwatched));
    assert!(matches!(error, Err(ChangeError::TooFewLayers { asked: 4, has: 3 })));
}

#[test]
fn appended_files_keep_the_directories_that_are_there() {
    let context = vec![
        ContextFile { path: "tmp".into(), kind: ContextKind::Dir, mode: Some(0o1777), mtime: Time::default() },
        file("tmp/x", "x"),
    ];
    let before = image("FROM scratch\nCOPY . /\n", context, &[]);
    let addition = |content, by: &str| Addition { content, created_by: Some(by.to_owned()) };
    let added = tree(vec![file("y", "y")]).unwrap();
    let changes = Changes {
        append: vec![addition(AdditionContent::Files { tree: added, destination: "/tmp/".into() }, "mine")],
        ..Changes::default()
    };
    let (after, report) = changed(&before, &changes);
    assert_eq!((report.images[0].kept, report.images[0].made), (1, 1));
    let (got, want) = (files(&after), files(&before));
    assert_eq!(got["tmp"], want["tmp"]);
    assert!(got.contains_key("tmp/y") && got.contains_key("tmp/x"));
    assert_eq!(config(&after)["history"].as_array().unwrap().last().unwrap()["created_by"], "mine");

    // A layer as it is keeps its bytes, and what is no layer is refused.
    let manifest = before.images().next().unwrap();
    let blob = manifest.1.layers[0].blob.unwrap();
    let bytes = pollster::block_on(before.store().read_all(blob)).unwrap();
    let tar = |bytes: Vec<u8>| Changes {
        append: vec![addition(AdditionContent::Tar(Rc::new(bytes)), "tar")],
        ..Changes::default()
    };
    let (after, _) = changed(&before, &tar(bytes));
    assert_eq!(layers(&after)[0], layers(&after)[1]);
    let error = pollster::block_on(change(&before, &tar(b"no tar at all".to_vec()), &Unwatched)).map(|_| ());
    assert_eq!(error.unwrap_err().code(), "APPEND_NOT_A_LAYER");
}

#[test]
fn removed_paths_are_in_no_layer() {
    let before = three();
    let remove = vec!["/more/one".to_owned(), "base/over".to_owned()];
    let (after, report) = changed(&before, &Changes { remove, ..Changes::default() });
    assert_eq!((report.images[0].kept, report.images[0].made), (0, 3));
    let got = files(&after);
    let names: Vec<&str> = got.keys().map(String::as_str).filter(|name| !name.is_empty()).collect();
    assert_eq!(names, ["base", "base/keep", "base/second", "more", "more/three", "more/two"]);
    // The two that are left are still one file, with its content.
    let content = pollster::block_on(after.read_file(after.images().next().unwrap().0, b"more/two", 10, &Unwatched));
    assert_eq!(content.unwrap(), b"1");
    assert_eq!(got["more/two"], got["more/three"]);
}

#[test]
fn times_owners_and_compression() {
    let before = three();
    let changes = Changes {
        epoch: Some(1_600_000_000),
        owner: Some((7, 8)),
        compression: Some(LayerCompression::Zstd(3)),
        ..Changes::default()
    };
    let (after, _) = changed(&before, &changes);
    let at = after.images().next().unwrap().0;
    let merged = pollster::block_on(after.tree(at, None, &Unwatched)).unwrap();
    merged.visit(&mut |view| {
        let about = &view.node.attributes;
        assert!(about.mtime.seconds <= 1_600_000_000);
        assert!(view.path.is_empty() || (about.uid, about.gid) == (7, 8), "{:?}", view.path);
    });
    let manifest = after.images().next().unwrap().1;
    assert!(manifest.layers.iter().all(|layer| layer.media_type.as_str().ends_with("+zstd")));

    // Compression alone leaves every diffID.
    for compression in
        [LayerCompression::None, LayerCompression::Gzip(9), LayerCompression::Zstd(3), LayerCompression::Zstd(12)]
    {
        let (after, _) = changed(&before, &Changes { compression: Some(compression), ..Changes::default() });
        assert_eq!(config(&after), config(&before));
    }
}

#[test]
fn docker_and_back() {
    let before = three();
    let (docker, _) = changed(&before, &Changes { docker_types: Some(true), ..Changes::default() });
    let manifest = docker.images().next().unwrap().1;
    assert!(manifest.json["mediaType"].as_str().unwrap().contains("docker"));
    assert!(manifest.layers.iter().all(|layer| layer.media_type.as_str().ends_with("rootfs.diff.tar.gzip")));
    let (back, _) = changed(&docker, &Changes { docker_types: Some(false), ..Changes::default() });
    assert_eq!(back.images().next().unwrap().1.digest, before.images().next().unwrap().1.digest);
    let changes =
        Changes { docker_types: Some(true), compression: Some(LayerCompression::Zstd(3)), ..Changes::default() };
    let error = pollster::block_on(change(&before, &changes, &Unwatched)).map(|_| ());
    assert_eq!(error.unwrap_err(), ChangeError::DockerZstd);
}

#[test]
fn every_platform_of_an_index() {
    let before = image(
        THREE,
        vec![file("base/a", "a"), file("top/b", "b"), file("more/c", "c")],
        &["linux/amd64", "linux/arm64"],
    );
    let changes = Changes {
        config: serde_json::from_value(json!({ "user": "me" })).unwrap(),
        index_annotations: BTreeMap::from([("i".to_owned(), Some("1".to_owned()))]),
        ..Changes::default()
    };
    let (after, report) = changed(&before, &changes);
    assert_eq!(report.images.len(), 2);
    for (_, manifest) in after.images() {
        assert_eq!(manifest.config_json.as_ref().unwrap()["config"]["User"], "me");
    }
    let index = after.manifests.iter().find(|manifest| manifest.kind == ManifestKind::Index).unwrap();
    assert_eq!(index.json["annotations"]["i"], "1");
    assert_eq!(index.json["manifests"][1]["platform"]["architecture"], "arm64");

    // An index of one image stays an index where no platform is asked for.
    let how = Combine { index: true, tags: vec!["one:1".to_owned()], ..Combine::default() };
    let one = open(&pollster::block_on(combine(&[three()], &how, &Unwatched)).unwrap(), SaveFormat::OciLayout);
    let (same, _) = changed(&one, &Changes::default());
    assert_eq!(
        same.manifests.iter().map(|manifest| manifest.kind).collect::<Vec<_>>(),
        [ManifestKind::Index, ManifestKind::Image]
    );

    let arm = vec![Platform::parse("linux/arm64").unwrap()];
    let (one, _) = changed(&before, &Changes { platforms: arm, ..Changes::default() });
    assert_eq!(one.manifests.len(), 1);
    assert_eq!(one.images().next().unwrap().1.digest, before.images().nth(1).unwrap().1.digest);
    let none = vec![Platform::parse("linux/s390x").unwrap()];
    let error = pollster::block_on(change(&before, &Changes { platforms: none, ..Changes::default() }, &Unwatched));
    assert_eq!(error.map(|_| ()).unwrap_err().code(), "NO_SUCH_IMAGE");

    // One of them alone.
    let only = before.images().nth(1).unwrap().0;
    let changes = Changes { only: Some(only), squash: Squash::All, ..Changes::default() };
    let (after, _) = changed(&before, &changes);
    let counts: Vec<usize> = after.images().map(|(_, manifest)| manifest.layers.len()).collect();
    assert_eq!(counts, [3, 1]);

    // Apart, and together again.
    let alone = |name: &str| {
        let platforms = vec![Platform::parse(name).unwrap()];
        changed(&before, &Changes { platforms, tags: Some(Vec::new()), ..Changes::default() }).0
    };
    let parts = [alone("linux/amd64"), alone("linux/arm64")];
    let how = Combine { index: true, tags: vec!["both:1".to_owned()], ..Combine::default() };
    let together = open(&pollster::block_on(combine(&parts, &how, &Unwatched)).unwrap(), SaveFormat::OciLayout);
    verified(&together);
    let digests = |image: &Rc<Image>| image.images().map(|(_, m)| m.digest.to_string()).collect::<Vec<_>>();
    assert_eq!(digests(&together), digests(&before));
    let twice = [parts[0].clone(), three()];
    let error = pollster::block_on(combine(&twice, &how, &Unwatched)).map(|_| ());
    assert_eq!(error.unwrap_err().code(), "INDEX_SAME_PLATFORM");
    let side = pollster::block_on(combine(&[parts[1].clone(), three()], &Combine::default(), &Unwatched)).unwrap();
    for format in [SaveFormat::OciLayout, SaveFormat::DockerArchive] {
        let side = open(&side, format);
        verified(&side);
        assert_eq!(side.images().count(), 2);
    }
}

#[test]
fn another_base() {
    let base = |text: &str, extra: &str| {
        let dockerfile = format!("FROM scratch\nENV P={text}\nCOPY . /\n");
        image(
            &dockerfile,
            vec![file("etc/os", text), file("etc/conf", text), file("etc/same", "s"), file(extra, "x")],
            &[],
        )
    };
    let (old, new) = (base("one", "gone"), base("two", "fresh"));
    let on = |base: &Rc<Image>| {
        let request = Request {
            dockerfile: b"FROM base\nENV Q=1\nCOPY etc /etc\nCOPY app /app\n".to_vec(),
            context: vec![file("etc/conf", "mine"), file("etc/same", "mine"), file("app/run", "r")],
            bases: BTreeMap::from([(
                "base".to_owned(),
                layerwright::build::assemble::GivenImage { image: base.clone(), digest: None },
            )]),
            ..Request::default()
        };
        open(&pollster::block_on(build(request, &Unwatched, &[])).unwrap().contents, SaveFormat::OciLayout)
    };
    let app = on(&old);
    let rebase = |from: &Rc<Image>| Changes {
        rebase: Some(Rebase { from: from.clone(), onto: new.clone() }),
        ..Changes::default()
    };
    let (after, report) = changed(&app, &rebase(&old));
    let wanted = on(&new);
    assert_eq!(layers(&after), layers(&wanted));
    assert_eq!(files(&after), files(&wanted));
    assert_eq!(config(&after)["config"], config(&wanted)["config"]);
    let told: Vec<(&str, ConflictReason)> =
        report.images[0].conflicts.iter().map(|conflict| (conflict.path.as_str(), conflict.reason)).collect();
    assert_eq!(told, [("etc/conf", ConflictReason::Changed)]);
    let error = pollster::block_on(change(&app, &rebase(&new), &Unwatched)).map(|_| ());
    assert_eq!(error.unwrap_err().code(), "REBASE_NOT_ITS_BASE");
}

/// The recorded images, where they are beside the project.
fn fixtures() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    [root.join("../shared/fixtures/images"), root.join("../../shared/fixtures/images")]
        .into_iter()
        .find(|path| path.is_dir())
}

/// Real images of every form are flattened, and hold the same files as before.
#[test]
fn real_images_flatten_to_the_same_files() {
    let Some(folder) = fixtures() else { return };
    let mut seen = 0;
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    for path in names {
        let is_file = path.is_file() && std::fs::metadata(&path).unwrap().len() < 4 << 20;
        let Some(bytes) = is_file.then(|| std::fs::read(&path).ok()).flatten() else { continue };
        let Ok(before) = pollster::block_on(Image::open(Rc::new(bytes), Limits::default(), &Unwatched)) else {
            continue;
        };
        let before = Rc::new(before);
        if before.images().next().is_none() {
            continue;
        }
        let only = Some(before.images().next().unwrap().0);
        let done = pollster::block_on(change(
            &before,
            &Changes { only, squash: Squash::All, ..Changes::default() },
            &Unwatched,
        ));
        // Foreign, encrypted and absent layers cannot be flattened, and say so.
        let done = match done {
            Ok(done) => done,
            Err(error) => {
                assert!(!error.code().is_empty());
                continue;
            }
        };
        let after = open(&done.contents, SaveFormat::OciLayout);
        let (mut got, mut want) = (files(&after), files(&before));
        got.remove("");
        want.remove("");
        assert_eq!(got, want, "{}", path.display());
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
}
