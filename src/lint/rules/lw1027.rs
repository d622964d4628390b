use super::prelude::*;

rule! {
    /// A download for one processor in a build for several.
    ///
    /// The file uses TARGETARCH or TARGETPLATFORM, or builds on BUILDPLATFORM; this address always gives the same program.
    ///
    /// ```dockerfile
    /// FROM --platform=$BUILDPLATFORM debian:12
    /// ARG TARGETARCH
    /// RUN curl -fO https://example.com/tool-linux-amd64.tar.gz
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM --platform=$BUILDPLATFORM debian:12
    /// ARG TARGETARCH
    /// RUN curl -fO https://example.com/tool-linux-${TARGETARCH}.tar.gz
    /// ```
    "LW1027", "architecture-in-url", Info, ErrorProne, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    const PROCESSORS: [&str; 7] = ["amd64", "x86_64", "x86-64", "linux-x64", "linux64", "arm64", "aarch64"];
    let several = ["TARGETARCH", "TARGETPLATFORM", "BUILDPLATFORM"];
    let source = cx.source;
    if !several.iter().any(|n| crate::text::find(source, n.as_bytes()).is_some()) {
        return;
    }
    let names = |text: &str| PROCESSORS.into_iter().find(|p| text.contains(p));
    for inst in cx.deep() {
        // A stage of one platform has one kind of program.
        let fixed = inst.stage.and_then(|s| cx.stages.get(s)).and_then(|s| cx.from_of(s)).is_some_and(
            |from| matches!(&from.read, Instruction::From(f) if f.platform.is_some_and(|p| !p.text.contains('$'))),
        );
        let text = inst.node.span.of(source);
        // Whoever looks at the processor here chooses by it.
        let chooses =
            ["ARCH", "arch", "uname", "PLATFORM"].iter().any(|n| crate::text::find(text, n.as_bytes()).is_some());
        if fixed || chooses {
            continue;
        }
        let mut report = |text: &str, span: Span| {
            if let (true, Some(p)) = (text.contains("://"), names(text)) {
                out.report(inst, span, format!("this is for `{p}` whatever the build is for"))
                    .help("use `${TARGETARCH}` in the address");
            }
        };
        match &inst.read {
            Instruction::Add(add) => add.sources.iter().for_each(|s| report(s.text, s.span)),
            Instruction::Run(_) => {
                for c in inst.run(cx.exact).iter().flat_map(|r| &r.commands).filter(|c| c.is(&["curl", "wget"])) {
                    c.args.iter().for_each(|a| report(&a.text, a.span));
                }
            }
            _ => {}
        }
    }
}
