use super::prelude::*;

rule! {
    /// A variable is used and nothing sets it.
    ///
    /// It expands to nothing. Variables of the base image count as set where its configuration is given or the image is
    /// a common one; where it is neither, only names that look like a slip of one that is set are reported. So is not
    /// what the file expects to be empty: `${NAME:-…}`, `${NAME:+…}`, and a list such as `LD_LIBRARY_PATH` that is
    /// made longer.
    ///
    /// ```dockerfile
    /// FROM scratch
    /// ARG VERSION=1
    /// LABEL version=$VERSIN
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM scratch
    /// ARG VERSION=1
    /// LABEL version=$VERSION
    /// ```
    "UndefinedVar", "undefined-variable", Warning, ErrorProne, [BUILDKIT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for use_ in &cx.scopes().undefined {
        let Some(inst) = cx.instructions.get(use_.inst) else { continue };
        let global = cx.scopes().global_names.contains(&use_.name);
        // Many names end in PATH and mean something else.
        let slip = use_.nearest.as_deref().is_some_and(|n| n != "PATH");
        let likely = use_.certain || slip || global;
        if !cx.buildkit && !likely {
            continue;
        }
        if !cx.buildkit && may_be_empty(cx, inst, &use_.name, use_.span) {
            continue;
        }
        let raw = out.report(inst, use_.span, format!("`{}` is not set here", use_.name));
        if global {
            raw.help(format!("`ARG {}` stands before the first FROM: repeat it in this stage", use_.name));
        } else if let Some(nearest) = &use_.nearest {
            raw.help(format!("did you mean `{nearest}`?"));
        }
    }
}

/// The text allows for the variable not to be set.
fn may_be_empty(cx: &Context<'_>, inst: &Inst<'_>, name: &str, span: Span) -> bool {
    let word = String::from_utf8_lossy(span.of(cx.source));
    let guarded = word.split("${").skip(1).filter_map(|w| w.strip_prefix(name)).any(|rest| {
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        rest.starts_with(['-', '+'])
    });
    let longer = ["PATH", "FLAGS", "OPTS"].iter().any(|s| name.ends_with(s))
        && matches!(&inst.read, Instruction::Env(pairs) if pairs.iter().any(|p| p.key.text == name));
    guarded || longer
}

#[cfg(test)]
mod tests {
    use crate::lint::{LintOptions, Profile, lint};

    fn undefined(text: &str, profile: Profile) -> usize {
        let options = LintOptions { profile: Some(profile), ..LintOptions::default() };
        lint(text.as_bytes(), &options).unwrap().findings.iter().filter(|f| f.code == "UndefinedVar").count()
    }

    #[test]
    fn variables_of_common_base_images_are_known_outside_of_the_profile_buildkit() {
        for (text, here, buildkit) in [
            ("FROM golang:1.26\nWORKDIR $GOPATH/src\n", 0, 1),
            ("FROM golang:1.26 AS a\nFROM a\nENV V=$GOLANG_VERSION\n", 0, 1),
            ("FROM debian:12\nWORKDIR $GOPATH/src\n", 1, 1),
            ("FROM example.com/a:1\nWORKDIR $GOPATH/src\n", 0, 1),
            ("FROM debian:12\nENV LD_LIBRARY_PATH=/a:$LD_LIBRARY_PATH\n", 0, 1),
            ("FROM debian:12\nLABEL a=${A:-b}\n", 0, 1),
        ] {
            assert_eq!(undefined(text, Profile::Recommended), here, "{text}");
            assert_eq!(undefined(text, Profile::Buildkit), buildkit, "{text}");
        }
    }
}
