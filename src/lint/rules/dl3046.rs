use super::prelude::*;

rule! {
    /// `useradd` with a high user id and without `-l`.
    ///
    /// The login log is indexed by user id: the layer gets a file as large as the highest one.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN useradd -u 123456 app
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN useradd -l -u 123456 app
    /// ```
    "DL3046", "useradd-high-uid", Warning, Size, [HADOLINT, RECOMMENDED], File(check), changes_build
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let high = |c: &Cmd| {
        // hadolint looks at what follows `-u` only, and counts a variable by the length of its name.
        let next = c.values_of(if cx.exact { &["u"] } else { &["u", "uid"] });
        let joined = c.args.iter().filter_map(|a| a.text.strip_prefix("--uid=")).filter(|_| !cx.exact);
        let long = |v: &str| v.len() > 5 && (cx.exact || v.bytes().all(|b| b.is_ascii_digit()));
        c.is(&["useradd"]) && next.into_iter().chain(joined).any(long) && !c.has_flag(&["l", "no-log-init"])
    };
    each_command(cx, out, true, high, |out, inst, c| {
        let raw = out.report(inst, c.span, "a high user id makes the login log huge").help("add `-l`");
        let end = c.name_span.end;
        raw.fix(Fix::safe("Add -l", Span { start: end, end }, " -l"));
    });
}
