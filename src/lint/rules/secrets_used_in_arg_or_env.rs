use super::prelude::*;

rule! {
    /// A name that says secret in `ARG` or `ENV`.
    ///
    /// Both stay readable in the image's history or configuration.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ARG API_TOKEN
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN --mount=type=secret,id=api true
    /// ```
    "SecretsUsedInArgOrEnv", "secret-named-variable", Warning, Security, [BUILDKIT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    const SECRET: [&str; 10] =
        ["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"];
    for inst in cx.top().filter(|i| i.stage.is_some()) {
        let (Instruction::Env(pairs) | Instruction::Arg(pairs)) = &inst.read else { continue };
        for pair in pairs {
            let name = pair.key.text.to_lowercase();
            let has = |list: &[&str]| name.split('_').any(|w| list.contains(&w));
            if has(&SECRET) && !has(&["public", "file", "version"]) {
                out.report(
                    inst,
                    pair.key.span,
                    format!("`{}` looks like a secret, and stays readable in the image", pair.key.text),
                )
                .help("mount it with `RUN --mount=type=secret`");
            }
        }
    }
}
