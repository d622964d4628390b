use super::prelude::*;

rule! {
    /// `apt` in a `RUN`.
    ///
    /// It is made for people: its options and output may change with any release.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt install -y curl=7.88.*
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN apt-get install -y --no-install-recommends curl=7.88.*
    /// ```
    "DL3027", "apt-in-run", Warning, ErrorProne, [HADOLINT, RECOMMENDED], File(check), changes_build
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    each_command(
        cx,
        out,
        true,
        |c| c.is(&["apt"]),
        |out, inst, c| {
            let raw = out.report(inst, c.name_span, "`apt` is made for people").help("use `apt-get` or `apt-cache`");
            // Not `upgrade`: `apt` installs what is newly needed, `apt-get` keeps back what needs it.
            let action = c.operands(&["o", "t", "c"]).next().map_or("", |a| a.text.as_str());
            if matches!(action, "install" | "update" | "remove" | "purge" | "autoremove" | "clean" | "autoclean") {
                raw.fix(Fix::safe("Use apt-get", c.name_span, "apt-get"));
            }
        },
    );
}
