use super::prelude::*;

rule! {
    /// `gem install` without a version.
    ///
    /// The build takes what the index has that day.
    ///
    /// ```dockerfile
    /// FROM ruby:3.3
    /// RUN gem install bundler
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM ruby:3.3
    /// RUN gem install bundler:2.5.10
    /// ```
    "DL3028", "unpinned-gems", Warning, Reproducibility, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let packages = |c: &Cmd, _: &Inst<'_>| {
        if !c.runs(&["gem"], &["install", "i"])
            || c.has_flag(&["v", "version"])
            || c.args.iter().any(|a| a.text.starts_with("--version="))
        {
            return Vec::new();
        }
        let stop = c.args.iter().find(|a| a.text == "--").map_or(u32::MAX, |a| a.span.start);
        let skipped = skipped_values(c, cx.exact);
        c.operands(&[])
            .filter(|a| {
                !skipped.contains(&a.span.start)
                    && a.span.start < stop
                    && !matches!(a.text.as_str(), "install" | "i" | "--")
                    && !a.text.contains(':')
            })
            .cloned()
            .collect()
    };
    unpinned(cx, out, packages, "gems without a version", "write `gem:version`");
}

/// Places of arguments that belong to the long flag before them. hadolint takes what follows any long flag for its
/// value.
fn skipped_values(c: &Cmd, exact: bool) -> Vec<u32> {
    const SWITCHES: [&str; 12] = [
        "--no-document",
        "--no-ri",
        "--no-rdoc",
        "--conservative",
        "--force",
        "--user-install",
        "--no-user-install",
        "--quiet",
        "--silent",
        "--verbose",
        "--local",
        "--remote",
    ];
    c.args
        .windows(2)
        .filter(|w| w[0].text.len() > 2 && w[0].text.starts_with("--") && !w[0].text.contains('='))
        .filter(|w| exact || !SWITCHES.contains(&w[0].text.as_str()))
        .map(|w| w[1].span.start)
        .collect()
}
