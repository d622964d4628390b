//! Any Dockerfile of lines that are mostly sensible and any context are built or refused, the same each time; what is
//! built verifies.
#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use layerwright::archive::tar_write::Time;
use layerwright::build::assemble::{Request, build};
use layerwright::build::context::{ContextFile, ContextKind};
use layerwright::build::layer::LayerCompression;
use layerwright::build::run::OnRun;
use layerwright::build::tree::Content;
use layerwright::image::{Image, Unwatched, Verdict, save};
use layerwright_fuzz::{limits, name, packed, tar};
use libfuzzer_sys::fuzz_target;
use pollster::block_on;
use std::fmt::{self, Write};
use std::rc::Rc;

struct Input {
    dockerfile: Vec<u8>,
    context: Vec<ContextFile>,
    compression: LayerCompression,
}

impl fmt::Debug for Input {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = String::from_utf8_lossy(&self.dockerfile);
        out.debug_struct("Input").field("dockerfile", &text).field("context", &self.context).finish()
    }
}

fn dockerfile(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    const FLAGS: [&str; 14] = [
        "--chown=1:2", "--chown=a", "--chmod=755", "--chmod=u+x", "--chmod=4000", "--parents", "--link", "--exclude=*a", "--from=s",
        "--from=0", "--checksum=sha256:00", "--unpack=true", "--unpack=false", "--keep-git-dir",
    ];
    const LINES: [&str; 18] = [
        "ENV A=b C=\"$A\"", "WORKDIR /etc/a", "WORKDIR ..", "USER 1:1", "LABEL a=b", "EXPOSE 80/udp 90-92", "VOLUME [\"/a\"]", "CMD [\"a\"]",
        "ENTRYPOINT a b", "STOPSIGNAL 9", "HEALTHCHECK NONE", "SHELL [\"a\"]", "ONBUILD COPY a b", "ARG A=${A:-x}", "RUN a", "MAINTAINER a",
        "# escape=`", "HEALTHCHECK --interval=3s CMD a",
    ];
    let mut out = String::new();
    for number in 0..u.int_in_range(1..=2)? {
        let _ = writeln!(out, "FROM {} {}", if number > 0 && u.arbitrary()? { "s" } else { "scratch" }, if number == 0 { "AS s" } else { "" });
        for _ in 0..u.int_in_range(0..=6)? {
            if u.ratio(1, 3)? {
                out.push_str(u.choose(&LINES)?);
                out.push('\n');
                continue;
            }
            out.push_str(if u.arbitrary()? { "COPY " } else { "ADD " });
            for _ in 0..u.int_in_range(0..=2)? {
                if u.ratio(1, 3)? {
                    let _ = write!(out, "{} ", u.choose(&FLAGS)?);
                }
            }
            if u.ratio(1, 12)? {
                let _ = writeln!(out, "<<E /{}\nx$A\nE", String::from_utf8_lossy(&name(u)?));
                continue;
            }
            for _ in 0..u.int_in_range(2..=3)? {
                let word = if u.ratio(1, 8)? { (*u.choose(&["*", "?", "[a-b]", "**", ".", "a*", "/"])?).into() } else { String::from_utf8_lossy(&name(u)?).into_owned() };
                let _ = write!(out, "{word} ");
            }
            out.push('\n');
        }
    }
    Ok(out.into_bytes())
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut context = Vec::new();
        for _ in 0..u.int_in_range(0..=6)? {
            let mut path = name(u)?;
            if u.ratio(1, 20)? {
                path = b".dockerignore".to_vec();
            }
            let kind = match u.int_in_range(0..=9)? {
                0 => ContextKind::Dir,
                1 => ContextKind::Symlink(name(u)?),
                2 => ContextKind::HardLink(name(u)?),
                3 | 4 => {
                    let plain = tar(u)?;
                    ContextKind::File(Content::bytes(packed(u, &plain)?.0))
                }
                _ => ContextKind::File(Content::bytes(u.arbitrary::<&[u8]>()?.to_vec())),
            };
            let mtime = Time { seconds: u.arbitrary()?, nanos: u.int_in_range(0..=999_999_999)? };
            context.push(ContextFile { path, kind, mode: u.arbitrary()?, mtime });
        }
        let compression = *u.choose(&[LayerCompression::Gzip(1), LayerCompression::Zstd(3), LayerCompression::None])?;
        Ok(Self { dockerfile: dockerfile(u)?, context, compression })
    }
}

fuzz_target!(|input: Input| {
    let made = |reverse: bool| {
        let mut context = input.context.clone();
        if reverse {
            context.reverse();
        }
        let mut request = Request {
            dockerfile: input.dockerfile.clone(),
            context,
            on_run: OnRun::Skip,
            compression: input.compression,
            ..Request::default()
        };
        request.unpack.bytes = 1 << 20;
        block_on(build(request, &Unwatched, &[]))
    };
    let (built, again) = (made(false), made(true));
    let Ok(built) = built else {
        return assert!(again.is_err(), "the order of files decides whether it is built");
    };
    let again = again.map(|again| again.contents.manifests[0].digest.clone()).ok();
    assert_eq!(Some(&built.contents.manifests[0].digest), again.as_ref(), "the order of files changes the image");
    let rope = save::save(&built.contents, save::SaveFormat::Hybrid).expect("what is built can be saved");
    let image = block_on(Image::open(Rc::new(rope), limits(), &Unwatched)).expect("what is built can be opened");
    let report = block_on(image.verify(&Unwatched)).expect("bytes can be read");
    assert_ne!(report.verdict, Verdict::Error, "{:?}", report.findings);
});
