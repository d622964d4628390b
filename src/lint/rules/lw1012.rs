use super::prelude::*;

rule! {
    /// A file that holds secrets is copied into the image.
    ///
    /// Private keys, credentials and environment files stay readable in the layer, also where a later instruction removes
    /// them.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// COPY .env id_rsa /app/
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN --mount=type=secret,id=env,target=/app/.env true
    /// ```
    "LW1012", "secret-file-copied", Warning, Security, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    const NAMES: [&str; 14] = [
        ".env",
        ".env.local",
        ".env.production",
        ".git-credentials",
        ".htpasswd",
        ".netrc",
        ".npmrc",
        ".pypirc",
        "credentials.json",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        "id_rsa",
        "kubeconfig",
    ];
    const FOLDERS: [&str; 3] = [".aws", ".gnupg", ".ssh"];
    const ENDINGS: [&str; 5] = [".jks", ".keystore", ".p12", ".pfx", ".ppk"];
    for inst in cx.deep() {
        let (Instruction::Copy(copy) | Instruction::Add(copy)) = &inst.read else { continue };
        for source in copy.sources.iter().filter(|_| copy.from.is_none()) {
            let path = unquoted(source.text).trim_end_matches('/');
            let name = path.rsplit('/').next().unwrap_or("");
            if NAMES.contains(&name) || FOLDERS.contains(&name) || ENDINGS.iter().any(|e| name.ends_with(e)) {
                out.report(inst, source.span, format!("`{name}` looks like a file of secrets, and stays in the layer"))
                    .help("leave it out in .dockerignore, and mount it with `RUN --mount=type=secret`");
            }
        }
    }
}
