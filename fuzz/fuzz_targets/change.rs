//! Images that verify are changed in any way or refused; what comes out verifies.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use layerwright::build::layer::LayerCompression;
use layerwright::change::layers::AdditionContent;
use layerwright::change::{Addition, Changes, ConfigChanges, Rebase, Squash, change};
use layerwright::image::{Image, Unwatched, Verdict, save};
use layerwright::oci::Platform;
use layerwright_fuzz::{files, limits, name, packed, tar};
use libfuzzer_sys::fuzz_target;
use pollster::block_on;
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Debug)]
struct Input {
    archive: Vec<u8>,
    bases: Option<(Vec<u8>, Vec<u8>)>,
    append: Vec<Vec<u8>>,
    squash: u8,
    remove: Vec<String>,
    epoch: Option<i64>,
    owner: Option<(u64, u64)>,
    compression: Option<u8>,
    docker_types: Option<bool>,
    user: Option<String>,
    clear: Vec<String>,
    note: Option<Option<String>>,
    platform: bool,
    tag: Option<String>,
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut append = Vec::new();
        for _ in 0..u.int_in_range(0..=2)? {
            let plain = tar(u)?;
            append.push(packed(u, &plain)?.0);
        }
        let bases = if u.ratio(1, 4)? { Some((files(u)?.tar(), files(u)?.tar())) } else { None };
        let mut remove = Vec::new();
        for _ in 0..u.int_in_range(0..=2)? {
            remove.push(String::from_utf8_lossy(&name(u)?).into_owned());
        }
        Ok(Self {
            append,
            bases,
            remove,
            squash: u.int_in_range(0..=4)?,
            epoch: u.arbitrary()?,
            owner: u.arbitrary()?,
            compression: u.arbitrary()?,
            docker_types: u.arbitrary()?,
            user: u.arbitrary()?,
            clear: if u.arbitrary()? { vec![(*u.choose(&["env", "history", "labels", "x"])?).into()] } else { Vec::new() },
            note: u.arbitrary()?,
            platform: u.ratio(1, 5)?,
            tag: u.arbitrary()?,
            archive: files(u)?.tar(),
        })
    }
}

fn open(bytes: Vec<u8>) -> Option<Rc<Image>> {
    let image = block_on(Image::open(Rc::new(bytes), limits(), &Unwatched)).ok()?;
    let report = block_on(image.verify(&Unwatched)).ok()?;
    (report.verdict != Verdict::Error).then(|| Rc::new(image))
}

fuzz_target!(|input: Input| {
    let Some(image) = open(input.archive) else { return };
    let rebase = input.bases.and_then(|(from, onto)| Some(Rebase { from: open(from)?, onto: open(onto)? }));
    // What is appended as it is may be wrong in itself.
    let own = input.append.is_empty();
    let addition = |bytes: Vec<u8>| Addition { content: AdditionContent::Tar(Rc::new(bytes)), created_by: None };
    let changes = Changes {
        rebase,
        append: input.append.into_iter().map(addition).collect(),
        squash: match input.squash {
            0 | 1 => Squash::No,
            4 => Squash::All,
            number => Squash::Upper(number.into()),
        },
        remove: input.remove,
        epoch: input.epoch,
        owner: input.owner,
        compression: input.compression.map(|kind| match kind % 3 {
            0 => LayerCompression::None,
            1 => LayerCompression::Zstd(3),
            _ => LayerCompression::Gzip(1),
        }),
        docker_types: input.docker_types,
        config: ConfigChanges { user: input.user, clear: input.clear, ..ConfigChanges::default() },
        annotations: input.note.map(|note| BTreeMap::from([("a".to_owned(), note)])).unwrap_or_default(),
        platforms: if input.platform { Platform::parse("linux/amd64").into_iter().collect() } else { Vec::new() },
        tags: input.tag.map(|tag| vec![tag]),
        ..Changes::default()
    };
    let Ok(changed) = block_on(change(&image, &changes, &Unwatched)) else { return };
    let Ok(rope) = save::save(&changed.contents, save::SaveFormat::OciLayout) else { return };
    let again = block_on(Image::open(Rc::new(rope), limits(), &Unwatched)).expect("what is changed can be opened");
    let report = block_on(again.verify(&Unwatched)).expect("bytes can be read");
    if own {
        assert_ne!(report.verdict, Verdict::Error, "{:?}", report.findings);
    }
});
