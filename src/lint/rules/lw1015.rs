use super::prelude::*;

rule! {
    /// A cache mount would make this faster when it runs again.
    ///
    /// With `--mount=type=cache` what a package manager downloads is kept between builds, and stays out of the image.
    ///
    /// ```dockerfile
    /// FROM python:3.13
    /// RUN pip install -r requirements.txt
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM python:3.13
    /// RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt
    /// ```
    "LW1015", "no-cache-mount", Info, Cache, [STRICT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    /// Program, what it does, and where it keeps downloads as root.
    const CACHES: [(&[&str], &[&str], &str); 12] = [
        (&["pip", "pip3"], &["install", "wheel"], "/root/.cache/pip"),
        (&["uv"], &["sync", "install"], "/root/.cache/uv"),
        (&["poetry"], &["install"], "/root/.cache/pypoetry"),
        (&["npm"], &["ci", "install"], "/root/.npm"),
        (&["yarn"], &["install"], "/usr/local/share/.cache/yarn"),
        (&["pnpm"], &["install"], "/root/.local/share/pnpm/store"),
        (&["go"], &["build", "mod", "install"], "/root/.cache/go-build"),
        (&["cargo"], &["build", "install"], "/usr/local/cargo/registry"),
        (&["mvn", "./mvnw", "mvnw"], &["package", "install", "verify", "dependency:go-offline"], "/root/.m2"),
        (&["gradle", "./gradlew"], &["build", "assemble", "bootJar"], "/root/.gradle"),
        (&["composer"], &["install"], "/root/.composer/cache"),
        (&["dotnet"], &["restore", "publish"], "/root/.nuget/packages"),
    ];
    for (inst, run) in cx.runs().filter(|(i, r)| !i.onbuild && !r.exec) {
        let Instruction::Run(read) = &inst.read else { continue };
        if mounts(read).iter().any(|m| m.kind == "cache") {
            continue;
        }
        let found = run.commands.iter().find_map(|c| {
            let (.., at) = CACHES.iter().find(|(names, words, _)| c.runs(names, words))?;
            Some((c, at))
        });
        if let Some((c, at)) = found {
            let end = inst.node.keyword.span.end;
            let fix =
                Fix::suggested("Mount a cache", Span { start: end, end }, format!(" --mount=type=cache,target={at}"));
            out.report(inst, c.span, "what this downloads is not kept for the next build")
                .help(format!("mount a cache: `--mount=type=cache,target={at}`"))
                .fix(fix);
        }
    }
}
