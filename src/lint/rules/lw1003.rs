use super::prelude::*;

rule! {
    /// A secret is written into the file.
    ///
    /// Keys of known services and private keys are recognised by their form. Whoever has the image or the repository
    /// has the key.
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

const FORMS: [Form; 15] = [
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
    for inst in cx.top() {
        let span = inst.node.span;
        let text = span.of(cx.source);
        for (start, of, length, what) in FORMS {
            let mut from = 0;
            while let Some(at) =
                memchr::memmem::find(text.get(from..).unwrap_or(&[]), start.as_bytes()).map(|i| i + from)
            {
                from = at + start.len();
                let rest = text.get(from..).unwrap_or(&[]);
                let taken = rest.iter().take_while(|b| of(**b)).count();
                let inside_word = at > 0 && text.get(at - 1).is_some_and(|b| is_word(*b));
                let private = what != "a private key"
                    || rest.get(..taken).is_some_and(|r| memchr::memmem::find(r, b"PRIVATE KEY").is_some());
                if taken >= length && !inside_word && private && varied(rest.get(..taken).unwrap_or(&[])) {
                    let begin = span.start + at as u32;
                    let found = Span { start: begin, end: begin + (start.len() + taken) as u32 };
                    out.report(inst, found, format!("this looks like {what}"))
                        .help("withdraw it, and mount secrets with `RUN --mount=type=secret`");
                }
            }
        }
    }
}

/// Examples such as `xxxxxxxx` or `EXAMPLE` are no keys.
fn varied(text: &[u8]) -> bool {
    let mut seen = [false; 256];
    for b in text {
        seen[usize::from(*b)] = true;
    }
    seen.iter().filter(|s| **s).count() >= 6 && memchr::memmem::find(text, b"EXAMPLE").is_none()
}
