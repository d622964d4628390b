use super::prelude::*;

rule! {
    /// Packages are installed by a command that may change the lock file.
    ///
    /// `npm ci`, `yarn install --immutable` and `pnpm install --frozen-lockfile` install what the lock file says, or fail.
    ///
    /// ```dockerfile
    /// FROM node:24
    /// COPY package.json package-lock.json ./
    /// RUN npm install
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM node:24
    /// COPY package.json package-lock.json ./
    /// RUN npm ci
    /// ```
    "LW1032", "install-ignores-lockfile", Info, Reproducibility, [STRICT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut stage = None;
    let mut locked = false;
    for inst in cx.top() {
        if inst.stage != stage {
            stage = inst.stage;
            locked = false;
        }
        if let Instruction::Copy(copy) = &inst.read {
            locked |= copy.sources.iter().any(|s| {
                ["package-lock.json", "package*.json", "yarn.lock", "pnpm-lock.yaml"].iter().any(|n| s.text.contains(n))
            });
        }
        let Some(run) = inst.run(cx.exact).filter(|_| locked) else { continue };
        for c in &run.commands {
            let bare = c.operands(&["prefix", "C", "cwd"]).count() == 1;
            let global = c.has_flag(&["g", "global"]);
            let help = match c.name.as_str() {
                "npm" if c.has_arg(&["install", "i"]) => "write `npm ci`",
                "yarn" if c.has_arg(&["install"]) && !c.has_flag(&["frozen-lockfile", "immutable"]) => {
                    "add `--immutable`"
                }
                "pnpm" if c.has_arg(&["install", "i"]) && !c.has_flag(&["frozen-lockfile"]) => {
                    "add `--frozen-lockfile`"
                }
                _ => continue,
            };
            if bare && !global {
                let raw = out.report(inst, c.span, "this may install other versions than the lock file has").help(help);
                if let ("npm", Some(word)) =
                    (c.name.as_str(), c.args.iter().find(|a| matches!(a.text.as_str(), "install" | "i")))
                {
                    raw.fix(Fix::suggested("Use npm ci", word.span, "ci"));
                }
            }
        }
    }
}
