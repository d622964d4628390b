use super::prelude::*;

rule! {
    /// `pip install` of packages without a version.
    ///
    /// The build takes what the index has that day.
    ///
    /// ```dockerfile
    /// FROM python:3.12
    /// RUN pip install --no-cache-dir flask
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM python:3.12
    /// RUN pip install --no-cache-dir flask==3.0.3
    /// ```
    "DL3013", "unpinned-pip-packages", Warning, Reproducibility, [HADOLINT, RECOMMENDED], File(check)
}

/// Flags whose value is the next argument.
const WITH_VALUE: [&str; 33] = [
    "abi",
    "b",
    "build",
    "e",
    "editable",
    "extra-index-url",
    "f",
    "find-links",
    "i",
    "index-url",
    "implementation",
    "no-binary",
    "only-binary",
    "platform",
    "prefix",
    "progress-bar",
    "proxy",
    "python-version",
    "root",
    "src",
    "t",
    "target",
    "trusted-host",
    "upgrade-strategy",
    "default-timeout",
    "timeout",
    "retries",
    "cache-dir",
    "config-settings",
    "report",
    "root-user-action",
    "log",
    "python",
];

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let packages = |c: &Cmd, _: &Inst<'_>| {
        let listed = c.has_flag(&["r", "requirement", "c", "constraint"]) || c.has_arg(&["."]);
        if !is_pip_install(c) || listed {
            return Vec::new();
        }
        let mut after = false;
        let mut found = Vec::new();
        for arg in c.operands(&WITH_VALUE) {
            if after && !is_fixed(&arg.text) {
                found.push(arg.clone());
            }
            after = after || arg.text == "install";
        }
        found
    };
    unpinned(cx, out, packages, "packages without a version", "write `package==version`, or install from a lock file");
}

/// `pip install`, `pip3 install`, `python -m pip install`.
pub(super) fn is_pip_install(c: &Cmd) -> bool {
    let pip = c.name.starts_with("pip") && c.name != "pipenv";
    let module = c.name.starts_with("python") && c.has_arg(&["pip"]) && c.args.iter().any(|a| a.text == "-m");
    (pip || module) && c.has_arg(&["install"])
}

fn is_fixed(package: &str) -> bool {
    let operator = ["==", ">=", "<=", ">", "<", "!=", "~="].iter().any(|o| package.contains(o));
    let source = ["git+", "hg+", "svn+", "bzr+"].iter().any(|p| package.contains(p)) && package.contains('@');
    let local = [".whl", ".tar.gz", ".zip"].iter().any(|s| package.ends_with(s))
        || package.contains('/') && !package.contains("://")
        || package.starts_with("./")
        || package.starts_with("../")
        || package.starts_with('/')
        || package.starts_with("file:");
    operator || source || local
}
