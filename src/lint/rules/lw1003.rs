use super::prelude::*;

rule! {
    /// A secret is written into the file.
    ///
    /// Keys of known services and private keys are recognised by their form, a password in an address by its place, and
    /// a random value by the name it is given to. Whoever has the image or the repository has the secret.
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN git clone https://ghp_0123456789abcdefghijABCDEFGHIJ012345@github.com/a/b
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM debian:12
    /// RUN --mount=type=secret,id=token true
    /// ```
    "LW1003", "secret-in-text", Error, Security, [RECOMMENDED], File(check)
}

/// The beginning of a key, what follows it and how much of it at least, and whose key it is.
type Form = (&'static str, fn(u8) -> bool, usize, &'static str);

const FORMS: [Form; 25] = [
    ("AKIA", is_upper, 16, "an AWS access key"),
    ("ASIA", is_upper, 16, "an AWS access key"),
    ("ghp_", is_word, 36, "a GitHub token"),
    ("gho_", is_word, 36, "a GitHub token"),
    ("ghs_", is_word, 36, "a GitHub token"),
    ("github_pat_", is_word, 50, "a GitHub token"),
    ("glpat-", is_token, 20, "a GitLab token"),
    ("npm_", is_word, 36, "an npm token"),
    ("pypi-AgEIcHlwaS5vcmc", is_token, 50, "a PyPI token"),
    ("xoxb-", is_token, 20, "a Slack token"),
    ("xoxp-", is_token, 20, "a Slack token"),
    ("sk_live_", is_word, 20, "a Stripe key"),
    ("AIza", is_token, 35, "a Google key"),
    ("dckr_pat_", is_token, 20, "a Docker token"),
    ("ghu_", is_word, 36, "a GitHub token"),
    ("ghr_", is_word, 36, "a GitHub token"),
    ("hf_", is_word, 30, "a Hugging Face token"),
    ("sk-ant-", is_token, 40, "an Anthropic key"),
    ("sk-proj-", is_token, 40, "an OpenAI key"),
    ("shpat_", is_word, 32, "a Shopify token"),
    ("dop_v1_", is_word, 60, "a DigitalOcean token"),
    ("rk_live_", is_word, 20, "a Stripe key"),
    ("ya29.", is_token, 40, "a Google token"),
    ("AGE-SECRET-KEY-1", is_upper, 50, "an age key"),
    ("-----BEGIN ", is_upper_or_space, 8, "a private key"),
];

fn is_upper(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}

fn is_upper_or_space(b: u8) -> bool {
    b.is_ascii_uppercase() || b == b' '
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

fn is_token(b: u8) -> bool {
    is_word(b) || b == b'-'
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    const HELP: &str = "withdraw it, and mount secrets with `RUN --mount=type=secret`";
    for inst in cx.top() {
        let span = inst.node.span;
        let text = span.of(cx.source);
        for (start, of, length, what) in FORMS {
            let mut from = 0;
            while let Some(at) =
                crate::text::find(text.get(from..).unwrap_or(&[]), start.as_bytes()).map(|i| i + from)
            {
                from = at + start.len();
                let rest = text.get(from..).unwrap_or(&[]);
                let taken = rest.iter().take_while(|b| of(**b)).count();
                let inside_word = at > 0 && text.get(at - 1).is_some_and(|b| is_word(*b));
                let private = what != "a private key"
                    || rest.get(..taken).is_some_and(|r| crate::text::find(r, b"PRIVATE KEY").is_some());
                if taken >= length && !inside_word && private && varied(rest.get(..taken).unwrap_or(&[])) {
                    let begin = span.start + at as u32;
                    let found = Span { start: begin, end: begin + (start.len() + taken) as u32 };
                    out.report(inst, found, format!("this looks like {what}")).help(HELP);
                }
            }
        }
        if let Some((at, length)) = password(text) {
            let begin = span.start + at as u32;
            let found = Span { start: begin, end: begin + length as u32 };
            out.report(inst, found, "this looks like a password in an address").help(HELP);
        }
    }
    for inst in cx.deep() {
        let (Instruction::Env(pairs) | Instruction::Arg(pairs)) = &inst.read else { continue };
        for pair in pairs {
            let Some(value) = pair.value.filter(|_| is_secret_name(pair.key.text)) else { continue };
            if is_random(unquoted(value.text)) {
                out.report(inst, value.span, format!("`{}` holds what looks like a real secret", pair.key.text))
                    .help(HELP);
            }
        }
    }
    for (inst, c) in cx.commands() {
        if c.env.iter().any(|(name, value)| is_secret_name(name) && is_random(value)) {
            out.report(inst, c.name_span, "a variable of this command holds what looks like a real secret").help(HELP);
        }
    }
}

/// The password of `scheme://user:password@host`: where it is, and its length.
fn password(text: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(at) = crate::text::find(text.get(from..)?, b"://") {
        let start = from + at + 3;
        let rest = text.get(start..)?;
        let plain = |b: &&u8| b.is_ascii_alphanumeric() || b"._~%!*+=-".contains(b);
        let user = rest.iter().take_while(plain).count();
        let after = rest.get(user..)?;
        if user > 0 && after.first() == Some(&b':') {
            let length = after.iter().skip(1).take_while(plain).count();
            let secret = after.get(1..1 + length)?;
            if length >= 4 && after.get(1 + length) == Some(&b'@') && !secret.iter().all(|b| *b == b'*' || *b == b'x') {
                return Some((start + user + 1, length));
            }
        }
        from = start;
    }
    None
}

/// The name says that the value is secret, and not that it is a fingerprint or a public key.
fn is_secret_name(name: &str) -> bool {
    const SECRET: [&str; 11] = [
        "apikey",
        "auth",
        "credential",
        "credentials",
        "key",
        "passwd",
        "password",
        "pwd",
        "secret",
        "secrets",
        "token",
    ];
    const PUBLIC: [&str; 9] = ["checksum", "fingerprint", "gpg", "id", "pgp", "public", "sha256", "sum", "version"];
    let name = name.to_ascii_lowercase();
    let has = |list: &[&str]| name.split('_').any(|w| list.contains(&w));
    has(&SECRET) && !has(&PUBLIC)
}

/// Long, of letters and digits, and with as much information as chance has: no word, path or variable.
fn is_random(value: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+/=_-".contains(&b);
    if value.len() < 16 || !value.bytes().all(plain) || value.starts_with('/') {
        return false;
    }
    let mut counts = [0u32; 256];
    value.bytes().for_each(|b| counts[usize::from(b)] += 1);
    let length = value.len() as f64;
    let shares = counts.iter().filter(|c| **c > 0).map(|c| f64::from(*c) / length);
    let bits: f64 = shares.map(|p| -p * p.log2()).sum();
    let of = |test: fn(&u8) -> bool| value.as_bytes().iter().filter(|b| test(b)).count();
    of(u8::is_ascii_digit) >= 3 && of(u8::is_ascii_alphabetic) >= 3 && bits > 3.2 && varied(value.as_bytes())
}

/// Examples such as `xxxxxxxx` or `EXAMPLE` are no keys.
fn varied(text: &[u8]) -> bool {
    let mut seen = [false; 256];
    for b in text {
        seen[usize::from(*b)] = true;
    }
    seen.iter().filter(|s| **s).count() >= 6 && crate::text::find(text, b"EXAMPLE").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_by_name_and_chance() {
        assert!(is_secret_name("GITHUB_TOKEN") && is_secret_name("db_password") && !is_secret_name("GPG_KEY"));
        assert!(is_random("q7Xk29fLmz81PwtR4d") && is_random("9f86d081884c7d659a2feaa0c55ad015"));
        for value in ["changeme", "/run/secrets/api-token-01", "a-long-and-plain-name", "1111111111111111", "$TOKEN"] {
            assert!(!is_random(value), "{value}");
        }
    }

    #[test]
    fn passwords_in_addresses() {
        assert_eq!(password(b"git clone https://me:hunter2@example.com/a"), Some((21, 7)));
        for text in
            ["https://example.com:8080/a@b", "https://$U:$P@example.com", "https://me@example.com", "a://b:xxxx@c"]
        {
            assert_eq!(password(text.as_bytes()), None, "{text}");
        }
    }
}
