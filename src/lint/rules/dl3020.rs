use super::prelude::*;

rule! {
    /// `ADD` where `COPY` would do.
    ///
    /// `ADD` also unpacks and downloads, so a reader has to know what the file is.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ADD app.py /app/
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY app.py /app/
    /// ```
    "DL3020", "add-for-plain-files", Error, Style, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.top() {
        let Instruction::Add(add) = &inst.read else { continue };
        let remote = |t: &str| {
            let t = unquoted(t);
            let schemes: &[&str] =
                if cx.exact { &["http://", "https://"] } else { &["http://", "https://", "git@", "git://", "ssh://"] };
            schemes.iter().any(|s| t.starts_with(s)) || (!cx.exact && t.contains(".git#"))
        };
        // What begins with a variable may be an address.
        let open = |t: &str| !cx.exact && unquoted(t).starts_with('$');
        let plain = |t: &Text<'_>| !is_archive(unquoted(t.text)) && !remote(t.text) && !open(t.text);
        let Some(source) = add.sources.iter().find(|s| plain(s)) else { continue };
        let raw =
            out.report(inst, source.span, format!("`{}` needs none of what ADD does", source.text)).help("use COPY");
        let ours = ["--checksum", "--keep-git-dir", "--unpack"];
        if add.sources.iter().all(plain) && !inst.node.flags.iter().any(|f| ours.iter().any(|o| f.text.starts_with(o)))
        {
            let lower = inst.node.keyword.text.bytes().all(|b| b.is_ascii_lowercase());
            raw.fix(Fix::suggested("Use COPY", inst.node.keyword.span, if lower { "copy" } else { "COPY" }));
        }
    }
}
