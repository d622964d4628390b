use super::prelude::*;

rule! {
    /// A credential in `ARG` or `ENV`.
    ///
    /// Both stay readable in the image's history or configuration.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// ENV DB_PASSWORD=hunter2
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN --mount=type=secret,id=db true
    /// ```
    "DL3064", "credential-in-arg-or-env", Warning, Security, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    for inst in cx.deep() {
        let (Instruction::Env(pairs) | Instruction::Arg(pairs)) = &inst.read else { continue };
        if let Some(pair) = pairs.iter().find(|p| is_credential(p.key.text, cx.exact)) {
            out.report(
                inst,
                pair.key.span,
                format!("`{}` looks like a credential, and stays readable in the image", pair.key.text),
            )
            .help("mount it with `RUN --mount=type=secret`");
        }
    }
}

fn is_credential(name: &str, exact: bool) -> bool {
    const PARTS: [&str; 7] = ["api_key", "client_key", "password", "private", "secret", "token", "username"];
    // Names of services that hadolint lists although no part of them says so.
    const NAMES: [&str; 13] = [
        "APPLICATION_KEY",
        "AWS_ACCESS_KEY_ID",
        "CI_DEPLOY_USER",
        "DOCKER_EMAIL",
        "FACEBOOK_APP_ID",
        "HEROKU_API_USER",
        "OKTA_AUTHN_GROUPID",
        "OKTA_CLIENT_ORGURL",
        "OKTA_OAUTH2_CLIENTID",
        "STRIPE_DEVICE_NAME",
        "TRAVIS_OS_NAME",
        "TRAVIS_SECURE_ENV_VARS",
        "TRAVIS_SUDO",
    ];
    let names = if exact { &NAMES[..] } else { &NAMES[..2] };
    let lower = name.to_ascii_lowercase();
    if !exact {
        // A file's name, a public key or a user name is no secret.
        let words: Vec<&str> = lower.split('_').collect();
        if ["file", "path", "public", "version", "username"].iter().any(|w| words.contains(w))
            && !lower.contains("password=")
        {
            return false;
        }
        if lower == "username" || lower.ends_with("username") {
            return false;
        }
    }
    PARTS.iter().any(|p| lower.contains(p)) || names.iter().any(|n| n.eq_ignore_ascii_case(name))
}
