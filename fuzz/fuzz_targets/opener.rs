//! Archives whose digests are right, of layers that are nearly right, answer every question, at random places as in a
//! stream; what is exported is a tar, and what is saved is the same image again.
#![no_main]

use layerwright::archive::tar::{Entry, TarReader, TarSink};
use layerwright::image::{Image, ImageFinding, StreamOpener, Unwatched, Verdict, save};
use layerwright_fuzz::{Archive, limits};
use libfuzzer_sys::fuzz_target;
use pollster::block_on;
use std::collections::BTreeSet;
use std::rc::Rc;

struct Count(usize);

impl TarSink for Count {
    fn entry(&mut self, _: &Entry) {
        self.0 += 1;
    }
    fn data(&mut self, _: &[u8]) {}
    fn hole(&mut self, _: u64) {}
    fn end(&mut self) {}
}

fn codes(findings: &[ImageFinding]) -> BTreeSet<&str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

fn exported(image: &Rc<Image>, number: usize) {
    let Ok(mut export) = block_on(image.export(number, &Unwatched)) else { return };
    let (mut tar, mut seen) = (TarReader::default(), Count(0));
    loop {
        match block_on(export.next(&Unwatched)) {
            Ok(Some(bytes)) => tar.push(&bytes, &mut seen).expect("what is exported is a tar"),
            Ok(None) => break,
            Err(_) => return,
        }
    }
    tar.finish().expect("what is exported is a whole tar");
    assert!(tar.issues().is_empty() && tar.ended(), "{:?}", tar.issues());
    let mut names = 0;
    if let Ok(merged) = block_on(image.tree(number, None, &Unwatched)) {
        merged.visit(&mut |_| names += 1);
    }
    assert_eq!(seen.0, names, "every name is exported");
}

fuzz_target!(|archive: Archive| {
    let Archive { bytes, question } = archive;
    let mut stream = StreamOpener::new(limits(), None);
    let streamed = bytes.chunks(777).try_for_each(|piece| stream.push(piece));
    let streamed = streamed.and_then(|()| block_on(stream.finish(&Unwatched)));
    let Ok(image) = block_on(Image::open(Rc::new(bytes), limits(), &Unwatched)) else { return };
    let image = Rc::new(image);
    let report = block_on(image.verify(&Unwatched)).expect("bytes can be read");
    if let Ok(streamed) = streamed {
        let other = block_on(streamed.verify(&Unwatched)).expect("bytes can be read");
        assert_eq!(codes(&report.findings), codes(&other.findings), "a stream is read as a file is");
    }
    let numbers: Vec<usize> = image.images().map(|(number, _)| number).collect();
    for number in numbers {
        std::hint::black_box(block_on(image.analyze(number, 10, &Unwatched)).ok());
        std::hint::black_box(block_on(image.touches(number, &question, Some(1000), &Unwatched)).ok());
        std::hint::black_box(block_on(image.read_file(number, &question, 1 << 20, &Unwatched)).ok());
        std::hint::black_box(block_on(image.search(number, &question, None, &Unwatched)).ok());
        exported(&image, number);
    }
    if report.verdict == Verdict::Error {
        return;
    }
    let Ok(contents) = block_on(layerwright::image::export::contents(&image, &Unwatched)) else { return };
    for format in [save::SaveFormat::OciLayout, save::SaveFormat::DockerArchive, save::SaveFormat::Hybrid] {
        let Ok(rope) = save::save(&contents, format) else { continue };
        let again = block_on(Image::open(Rc::new(rope), limits(), &Unwatched)).expect("what is saved can be opened");
        let report = block_on(again.verify(&Unwatched)).expect("bytes can be read");
        assert_ne!(report.verdict, Verdict::Error, "{:?}", report.findings);
    }
});
