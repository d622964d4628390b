use super::prelude::*;

rule! {
    /// Everything is copied before dependencies are installed.
    ///
    /// Each change of any file then installs them anew. Copy the files that list them first.
    ///
    /// ```dockerfile
    /// FROM node:22
    /// COPY . .
    /// RUN npm ci
    /// ```
    ///
    /// Use instead:
    ///
    /// ```dockerfile
    /// FROM node:22
    /// COPY package.json package-lock.json ./
    /// RUN npm ci
    /// COPY . .
    /// ```
    "LW1009", "copy-before-install", Info, Cache, [STRICT], File(check)
}

fn check(cx: &Context<'_>, out: &mut Sink<'_>) {
    let mut stage = None;
    let mut all: Option<&Inst<'_>> = None;
    let mut installed = false;
    for inst in cx.top() {
        if inst.stage != stage {
            stage = inst.stage;
            all = None;
            installed = false;
        }
        match &inst.read {
            Instruction::Copy(copy)
                if copy.from.is_none() && copy.sources.iter().any(|s| matches!(s.text, "." | "./")) =>
            {
                all = all.or(Some(inst));
            }
            Instruction::Run(_) => {
                let Some(run) = inst.run(cx.exact) else { continue };
                let installs = run.commands.iter().find(|c| {
                    c.runs(&["npm"], &["ci", "install", "i"])
                        || c.runs(&["yarn", "pnpm", "bundle", "composer", "poetry", "uv"], &["install", "sync"])
                        || c.runs(&["go"], &["download"])
                        || (c.name.starts_with("pip") && c.has_arg(&["install"]) && c.has_flag(&["r", "requirement"]))
                });
                if let (Some(c), Some(_), false) = (installs, all, installed) {
                    out.report(inst, c.span, "any change of any file installs this anew")
                        .help("copy the files that list dependencies first");
                }
                installed |= installs.is_some();
            }
            _ => {}
        }
    }
}
