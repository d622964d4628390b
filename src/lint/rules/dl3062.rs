use super::prelude::*;

rule! {
    /// `go install`, `go get` or `go run` of a package without a version.
    ///
    /// ```dockerfile
    /// FROM golang:1.22
    /// RUN go install example.com/pkg@latest
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM golang:1.22
    /// RUN go install example.com/pkg@v1.2.3
    /// ```
    "DL3062", "unpinned-go-packages", Warning, Reproducibility, [HADOLINT, RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let packages = |c: &Cmd, _: &Inst<'_>| {
        // Go writes long flags with one dash.
        let value = |i: usize| {
            let before = i.checked_sub(1).and_then(|i| c.args.get(i)).map_or("", |a| a.text.as_str());
            matches!(before, "-o" | "-tags" | "-ldflags" | "-gcflags" | "-mod" | "-C")
        };
        let operands = c.args.iter().enumerate().filter(|(i, a)| !a.text.starts_with('-') && !value(*i));
        let mut operands = operands.map(|(_, a)| a);
        const ACTIONS: [&str; 3] = ["install", "get", "run"];
        let acts = operands.next().is_some_and(|a| ACTIONS.contains(&a.text.as_str()));
        if !c.is(&["go"]) || !(acts || (cx.exact && c.has_arg(&ACTIONS))) {
            return Vec::new();
        }
        let fixed = |t: &str| {
            let local = t.starts_with(['.', '/']) || t.ends_with(".go");
            let version = t.split_once('@').is_some_and(|(_, v)| !matches!(v, "latest" | "none" | ""));
            let local = local || matches!(t, "std" | "cmd" | "all" | "tool") || t.starts_with("cmd/");
            local || version
        };
        let run = c.has_arg(&["run"]);
        operands.take(if run { 1 } else { usize::MAX }).filter(|a| !fixed(&a.text)).cloned().collect()
    };
    unpinned(cx, out, packages, "packages without a version", "write `package@version`");
}
