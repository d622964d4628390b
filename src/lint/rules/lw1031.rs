use super::prelude::*;

rule! {
    /// ADD takes a file from a server and checks nothing.
    ///
    /// With `--checksum` the build stops where it is not the file that was meant, and the file need not be fetched again.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ADD https://example.com/tool.tar /tmp/
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.com/tool.tar /tmp/
    /// ```
    "LW1031", "remote-add-without-checksum", Info, Security, [STRICT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.deep() {
        let Instruction::Add(add) = &inst.read else { continue };
        let remote = |t: &str| (t.starts_with("http://") || t.starts_with("https://")) && !t.ends_with(".git");
        if let (None, Some(source)) = (add.checksum, add.sources.iter().find(|s| remote(unquoted(s.text)))) {
            out.report(inst, source.span, "whatever the server answers is taken").help("add `--checksum=sha256:…`");
        }
    }
}
