use super::prelude::*;

rule! {
    /// A variable is used and nothing sets it.
    ///
    /// It expands to nothing. Variables of the base image count as set where its configuration is known; where it is
    /// not, only names that look like a slip of one that is set are reported.
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
        let likely = use_.certain || use_.nearest.is_some() || global;
        if !cx.buildkit && !likely {
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
