use super::shell_prelude::*;

rule! {
    /// A variable that nothing sets has almost the name of one that is set.
    ///
    /// ```sh
    /// VERSION=1; echo "$VERSOIN$VERSION"
    /// ```
    ///
    /// Use instead:
    ///
    /// ```sh
    /// VERSION=1; echo "$VERSION"
    /// ```
    "SC2153", "possible-misspelling", Info, ErrorProne, [HADOLINT, RECOMMENDED], Script(check)
}

fn check(cx: &ShellContext<'_>, out: &mut ShellSink<'_>) {
    let flow = cx.flow();
    // A script with this many names is generated, and its names are alike on purpose.
    if flow.bare_reads.len() * (flow.assigned.len() + cx.known.len()) > 200_000 {
        return;
    }
    for (name, span) in &flow.bare_reads {
        let upper = !name.bytes().any(|b| b.is_ascii_lowercase()) && name.starts_with(|c: char| c.is_ascii_uppercase());
        let set = flow.assigned.contains_key(name) || cx.known.contains_key(name.as_str());
        if !upper || set {
            continue;
        }
        let others = flow.assigned.keys().map(String::as_str).chain(cx.known.keys().copied());
        let near = |other: &&str| {
            let d = distance(name, other);
            other.len() > 3 && d <= 1 || other.len() > 7 && d <= 2
        };
        let found = others.filter(|o| o.len().abs_diff(name.len()) <= 2).filter(near);
        if let Some(other) = found.min() {
            out.report(*span, format!("nothing sets `{name}`")).help(format!("did you mean `{other}`?"));
        }
    }
}

/// Edit distance in which swapped neighbours count once.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let width = b.len() + 1;
    let mut table = vec![0usize; (a.len() + 1) * width];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            table[i * width + j] = if i == 0 || j == 0 {
                i + j
            } else {
                let cost = usize::from(a[i - 1] != b[j - 1]);
                let mut best = (table[(i - 1) * width + j] + 1)
                    .min(table[i * width + j - 1] + 1)
                    .min(table[(i - 1) * width + j - 1] + cost);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(table[(i - 2) * width + j - 2] + 1);
                }
                best
            };
        }
    }
    table[a.len() * width + b.len()]
}
