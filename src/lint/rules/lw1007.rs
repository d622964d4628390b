use super::prelude::*;
use crate::lint::bases;

rule! {
    /// A base image whose release gets no more security fixes.
    ///
    /// So is an image that is given up as a whole. The table is dated; support that is paid for is not counted.
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

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for (stage, scope) in cx.stages.iter().zip(&cx.scopes().froms) {
        let (Some(inst), Some(full)) = (cx.from_of(stage), scope.image.as_deref()) else { continue };
        let Instruction::From(from) = &inst.read else { continue };
        let (name, tag) = (bases::short_name(full), bases::tag(full));
        let Some((day, other)) = ended(name, tag) else { continue };
        match other {
            Some(other) => {
                out.report(inst, from.image.span, format!("the image `{name}` was given up on {day}")).help(other);
            }
            None => {
                out.report(inst, from.image.span, format!("`{name}:{tag}` got its last fixes on {day}"))
                    .help("move to a supported release");
            }
        }
    }
}

/// The day of the last fixes, and what to use where the image as a whole is given up.
fn ended(name: &str, tag: &str) -> Option<(&'static str, Option<&'static str>)> {
    let table = include_str!("end_of_life.txt").lines().filter(|l| !l.starts_with('#'));
    let releases = table.filter_map(|l| l.split_once(": ")).find(|(n, _)| *n == name)?.1;
    if let Some((day, other)) = releases.strip_prefix("* ").and_then(|r| r.split_once(' ')) {
        return Some((day, Some(other)));
    }
    releases.split(", ").find_map(|release| {
        let (tags, day) = release.rsplit_once(' ')?;
        let is = |t: &str| tag.strip_prefix(t).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']));
        tags.split(' ').any(is).then_some((day, None))
    })
}

#[cfg(test)]
mod tests {
    use super::ended;

    #[test]
    fn tags_match_whole_and_before_a_dash_or_dot() {
        assert_eq!(ended("debian", "buster-slim"), Some(("2024-06-30", None)));
        assert_eq!(ended("golang", "1.2.3"), Some(("2022-08-02", None)));
        assert_eq!(ended("golang", "1.26"), None);
        assert_eq!(ended("python", "3.9.2-alpine"), Some(("2025-10-31", None)));
        assert_eq!(ended("node", "20"), Some(("2026-04-30", None)));
        assert_eq!((ended("node", "200"), ended("debian", "latest"), ended("other", "1")), (None, None, None));
        assert_eq!(ended("centos", "7").and_then(|e| e.1), Some("use rockylinux or almalinux"));
    }

    #[test]
    fn the_table_is_well_formed() {
        let table = include_str!("end_of_life.txt");
        let read = table.split_once("Read on ").and_then(|(_, rest)| rest.get(..10)).expect("when it was read");
        for line in table.lines().filter(|l| !l.starts_with('#')) {
            let (_, releases) = line.split_once(": ").expect("a name");
            for release in releases.split(", ") {
                let day = release.split(' ').find(|w| w.len() == 10 && w.as_bytes()[4] == b'-');
                assert!(day.is_some_and(|d| d <= read), "{line}");
            }
        }
    }
}
