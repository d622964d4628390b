use super::prelude::*;

rule! {
    /// A folder that `.dockerignore` should hold is copied.
    ///
    /// Version control and installed packages make the image large, and packages of another system do not run in it. Where
    /// the text of `.dockerignore` is given, a copy of the whole folder that does not leave `.git` out is found, too.
    ///
    /// ```dockerfile
    /// FROM node:24
    /// COPY package.json node_modules ./
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM node:24
    /// COPY package.json ./
    /// ```
    "LW1035", "unwanted-folder-copied", Warning, Size, [RECOMMENDED], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    const FOLDERS: [&str; 8] = [".git", ".hg", ".idea", ".svn", ".venv", ".vscode", "__pycache__", "node_modules"];
    let ignores_git = cx.options.dockerignore.as_deref().map(|text| {
        let covers = |l: &str| {
            let l = l.trim().trim_start_matches("**/").trim_matches('/');
            matches!(l, ".git" | "*" | "**" | ".*" | ".git*" | ".git/*" | ".git/**" | ".g*")
        };
        text.lines().any(covers)
    });
    for inst in cx.top() {
        let (Instruction::Copy(copy) | Instruction::Add(copy)) = &inst.read else { continue };
        for source in copy.sources.iter().filter(|_| copy.from.is_none()) {
            let path = unquoted(source.text).trim_end_matches('/');
            let name = path.rsplit('/').next().unwrap_or("");
            if FOLDERS.contains(&name) && !path.contains("://") {
                out.report(inst, source.span, format!("`{name}` does not belong in an image"))
                    .help("leave it out in .dockerignore, and make it in the build where it is needed");
            } else if matches!(path, "." | "") && ignores_git == Some(false) {
                out.report(inst, source.span, "this copies `.git`, too").help("add `.git` to .dockerignore");
            }
        }
    }
}
