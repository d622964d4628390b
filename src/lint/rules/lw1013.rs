use super::prelude::*;

rule! {
    /// Certificates or signatures are not checked.
    ///
    /// Whoever sits between the build and the server can put anything into the image.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN curl -k -o tool.tar https://example.com/tool.tar
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN curl -o tool.tar https://example.com/tool.tar
    /// ```
    "LW1013", "verification-off", Warning, Security, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    /// Commands, and the flags that switch checks off.
    const FLAGS: [(&[&str], &[&str]); 8] = [
        (&["curl"], &["k", "insecure", "proxy-insecure"]),
        (&["wget"], &["no-check-certificate"]),
        (&["apt-get", "apt"], &["allow-unauthenticated", "force-yes"]),
        (&["apk"], &["allow-untrusted"]),
        (&["yum", "dnf", "microdnf", "tdnf"], &["nogpgcheck"]),
        (&["zypper"], &["no-gpg-checks"]),
        (&["rpm"], &["nosignature", "nodigest"]),
        (&["pip", "pip3", "uv"], &["trusted-host", "allow-insecure-host"]),
    ];
    /// Variables that do the same, with the value.
    const VARIABLES: [(&str, &str); 5] = [
        ("NODE_TLS_REJECT_UNAUTHORIZED", "0"),
        ("PYTHONHTTPSVERIFY", "0"),
        ("GIT_SSL_NO_VERIFY", "1"),
        ("GIT_SSL_NO_VERIFY", "true"),
        ("GOINSECURE", "*"),
    ];
    const SETTINGS: [(&str, &str, &str); 3] =
        [("git", "http.sslverify", "false"), ("npm", "strict-ssl", "false"), ("yarn", "strict-ssl", "false")];
    for (inst, c) in cx.commands() {
        let mut report = |span: Span| {
            out.report(inst, span, "this switches the check of certificates or signatures off")
                .help("add the certificate or key that is missing");
        };
        for (_, flags) in FLAGS.iter().filter(|(names, _)| c.is(names)) {
            // `-k` alone is only curl's.
            if let Some((_, at)) = c.flags.iter().find(|(f, _)| flags.contains(&f.as_str()))
                && let Some(arg) = c.args.get(*at)
            {
                report(arg.span);
            }
        }
        let setting = SETTINGS.iter().find(|(name, ..)| c.name == *name).and_then(|(_, key, value)| {
            c.args.iter().zip(c.args.iter().skip(1).map(Some).chain([None])).find(|(a, next)| {
                let text = a.text.to_ascii_lowercase();
                let has = |v: &str| v.trim() == *value;
                match text.split_once('=') {
                    Some((k, v)) => k.trim_start_matches('-') == *key && has(v),
                    None => text == *key && next.is_some_and(|n| has(&n.text)),
                }
            })
        });
        if let Some((arg, _)) = setting {
            report(arg.span);
        }
        if c.env.iter().any(|(n, v)| VARIABLES.contains(&(n.as_str(), v.as_str()))) {
            report(c.name_span);
        }
    }
    for inst in cx.deep() {
        let (Instruction::Env(pairs) | Instruction::Arg(pairs)) = &inst.read else { continue };
        for pair in pairs {
            let value = pair.value.map_or("", |v| unquoted(v.text));
            if VARIABLES.contains(&(pair.key.text, value)) {
                out.report(inst, pair.key.span, "this switches the check of certificates off for all programs")
                    .help("add the certificate that is missing");
            }
        }
    }
}
