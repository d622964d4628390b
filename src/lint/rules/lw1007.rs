use super::prelude::*;

rule! {
    /// A base image whose release gets no more security fixes.
    ///
    /// The table was read on 2026-08-01 from the distributions' own announcements; extended paid support is not counted.
    ///
    /// ```dockerfile
    /// FROM debian:9
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ```
    "LW1007", "end-of-life-base", Warning, Security, [RECOMMENDED], File(check)
}

/// Image, tags (a tag matches where it is one of these or goes on with `-` or `.`), and the end.
const ENDED: [(&str, &[&str], &str); 17] = [
    ("debian", &["7", "8", "9", "10", "wheezy", "jessie", "stretch", "buster"], "June 2024 or before"),
    (
        "ubuntu",
        &["12.04", "14.04", "16.04", "18.04", "20.04", "precise", "trusty", "xenial", "bionic", "focal"],
        "May 2025 or before",
    ),
    ("centos", &["5", "6", "7", "8", "centos6", "centos7", "centos8"], "June 2024 or before"),
    (
        "alpine",
        &["3.10", "3.11", "3.12", "3.13", "3.14", "3.15", "3.16", "3.17", "3.18", "3.19"],
        "November 2025 or before",
    ),
    ("fedora", &["34", "35", "36", "37", "38", "39", "40", "41"], "December 2025 or before"),
    ("python", &["2", "2.7", "3.5", "3.6", "3.7", "3.8", "3.9"], "October 2025 or before"),
    ("node", &["8", "10", "12", "14", "16", "17", "18", "19", "20", "21", "23"], "April 2026 or before"),
    ("php", &["5", "7", "8.0", "8.1"], "December 2025 or before"),
    ("ruby", &["2", "3.0", "3.1", "3.2"], "March 2026 or before"),
    ("golang", &["1.18", "1.19", "1.20", "1.21", "1.22", "1.23"], "August 2025 or before"),
    (
        "openjdk",
        &["7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18"],
        "July 2022: the image is deprecated",
    ),
    ("java", &[""], "January 2017: the image is deprecated"),
    ("postgres", &["9", "10", "11", "12", "13"], "November 2025 or before"),
    ("mysql", &["5", "8.0"], "April 2026 or before"),
    ("mongo", &["3", "4", "5", "6"], "July 2025 or before"),
    ("redis", &["4", "5", "6.0"], "2024 or before"),
    ("nginx", &["1.18", "1.20", "1.22", "1.24", "1.26"], "April 2025 or before"),
];

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (stage, scope) in cx.stages.iter().zip(&cx.scopes().froms) {
        let (Some(inst), Some(full)) = (cx.from_of(stage), scope.image.as_deref()) else { continue };
        let Instruction::From(from) = &inst.read else { continue };
        let Some((name, tag)) = full.split('@').next().and_then(|n| n.rsplit_once(':')) else { continue };
        let name = name.strip_prefix("docker.io/").unwrap_or(name);
        let name = name.strip_prefix("library/").unwrap_or(name);
        let Some((_, tags, end)) = ENDED.iter().find(|(n, ..)| *n == name) else { continue };
        let matches = |t: &&str| {
            tag.strip_prefix(*t).is_some_and(|rest| t.is_empty() || rest.is_empty() || rest.starts_with(['-', '.']))
        };
        if tags.iter().any(matches) {
            out.report(inst, from.image.span, format!("`{name}:{tag}` got its last security fixes in {end}"))
                .help("move to a supported release");
        }
    }
}
