//! A plan that BuildKit's checks may refuse: `# check=error=true`.
//!
//! BuildKit runs its checks in every build. Their findings are warnings, unless the `error` option of the `# check=`
//! directive, or of `BUILDKIT_DOCKERFILE_CHECK` in its place, makes them end the build. Neither the planner nor the
//! linter can tell alone, so this is above both.

use crate::dockerfile::Dockerfile;
use crate::dockerfile::check::CheckOptions;
use crate::dockerfile::syntax::{Diagnostic, Lines};
use crate::lint::{LintOptions, Profile, buildkit_warnings};
use crate::order;
use crate::plan::{self, Options, Plan};
use crate::text::Span;

/// Checks that BuildKit makes when it carries a stage out, so that stages which the target does not need are left alone.
const OF_REACHED_STAGES: [&str; 10] = [
    "CopyIgnoredFile",
    "ExposeInvalidFormat",
    "ExposeProtoCasing",
    "InvalidBaseImagePlatform",
    "JSONArgsRecommended",
    "LegacyKeyValueFormat",
    "MultipleInstructionsDisallowed",
    "SecretsUsedInArgOrEnv",
    "UndefinedVar",
    "WorkdirRelativePath",
];

/// Plans a build as [`plan::plan`] does, and refuses it where a check is asked to: [`Plan::error`] then has the code
/// `PLAN_CHECK_FAILED`.
///
/// The checks run only where the file or the options ask for errors. `source` is the text of `file`; `dockerignore` the
/// text of the ignore file, if there is one.
///
/// ```
/// use layerwright::{check, dockerfile::parse};
/// let text = b"# check=error=true\nFROM alpine as b\n";
/// let plan = check::plan(text, &parse(text), &Default::default(), None);
/// assert_eq!(plan.error.map(|e| e.code), Some("PLAN_CHECK_FAILED"));
/// ```
pub fn plan(source: &[u8], file: &Dockerfile, options: &Options, dockerignore: Option<&str>) -> Plan {
    let mut made = plan::plan(file, options);
    let directive = file.directive("check");
    let asked = match options.check() {
        Some(given) => CheckOptions::parse(given),
        None => directive.map_or(Ok(CheckOptions::default()), |d| CheckOptions::of_comment(&d.value)),
    };
    // BuildKit looks at what its checks found after all else has passed.
    if made.error.is_some() || !asked.is_ok_and(|c| c.error) {
        return made;
    }
    let found = warnings(source, file, options, dockerignore, &made);
    if let Some(refusal) = refusal(&found, file.directive("check").filter(|_| options.check().is_none())) {
        made.error = Some(refusal.clone());
        made.diagnostics.push(refusal);
    }
    made
}

/// What a build of this plan would warn of: rules and the lines they name.
fn warnings(
    source: &[u8],
    file: &Dockerfile,
    options: &Options,
    dockerignore: Option<&str>,
    made: &Plan,
) -> Vec<(&'static str, Lines)> {
    let configs = options.base_configs.iter();
    let lint = LintOptions {
        profile: Some(Profile::Buildkit),
        build_args: options.build_args.clone(),
        target: options.target.clone(),
        platform: options.platform.as_ref().map(ToString::to_string),
        dockerignore: dockerignore.map(str::to_owned),
        base_configs: configs.filter_map(|(k, v)| Some((k.clone(), serde_json::to_value(v).ok()?))).collect(),
        check: options.check().map(str::to_owned),
        ..LintOptions::default()
    };
    // The first lines of the stages of the file, with whether they are built.
    let stages = order::map(made.stages.iter().filter(|s| !s.implicit).map(|s| (s.lines.from, s.reachable)));
    let built = |line: u32| stages.range(..=line).next_back().is_none_or(|(_, reachable)| *reachable);
    let mut found = buildkit_warnings(source, file, &lint);
    found.retain(|(code, lines)| !OF_REACHED_STAGES.contains(code) || built(lines.from));
    found
}

fn refusal(
    found: &[(&'static str, Lines)],
    directive: Option<&crate::dockerfile::syntax::Directive>,
) -> Option<Diagnostic> {
    let mut rules: Vec<&str> = found.iter().map(|(code, _)| *code).collect();
    order::sort(&mut rules);
    rules.dedup();
    let (_, first) = found.iter().min_by_key(|(_, lines)| lines.from)?;
    let mut lines: Vec<u32> = found.iter().map(|(_, lines)| lines.from).collect();
    order::sort(&mut lines);
    lines.dedup();
    let named: Vec<String> = lines.iter().take(5).map(u32::to_string).collect();
    let more = if lines.len() > named.len() { " and more" } else { "" };
    let noun = if lines.len() == 1 { "line" } else { "lines" };
    Some(Diagnostic {
        code: "PLAN_CHECK_FAILED",
        message: format!("lint violation found for rules: {}", rules.join(", ")),
        help: Some(format!("mend {noun} {}{more}, or take error=true out of the check options", named.join(", "))),
        span: directive.map_or(Span::default(), |d| d.value_span),
        lines: directive.map_or(*first, |d| Lines { from: d.line, to: d.line }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;

    fn refused(text: &str, options: &Options) -> Option<(&'static str, u32)> {
        let made = plan(text.as_bytes(), &parse(text.as_bytes()), options, Some("secret\n"));
        made.error.map(|e| (e.code, e.lines.from))
    }

    #[test]
    fn findings_end_the_build_only_where_they_are_asked_to() {
        let refusal = Some(("PLAN_CHECK_FAILED", 1));
        let plain = Options::default();
        assert_eq!(refused("FROM alpine as b\n", &plain), None);
        assert_eq!(refused("# check=error=true\nFROM alpine as b\n", &plain), refusal);
        assert_eq!(refused("# check=error=1;skip=FromAsCasing\nFROM alpine as b\n", &plain), None);
        assert_eq!(refused("# check=error=true\nFROM alpine\nCOPY secret /\n", &plain), refusal);
        assert_eq!(refused("# check=error=true\nFROM alpine\n# check=skip=all\nMAINTAINER x\n", &plain), None);
    }

    #[test]
    fn the_build_argument_takes_the_directives_place() {
        let with = |value: &str| Options {
            build_args: [(CheckOptions::BUILD_ARG.to_owned(), value.to_owned())].into(),
            ..Options::default()
        };
        assert_eq!(refused("# check=error=true\nFROM alpine as b\n", &with("skip=all")), None);
        assert_eq!(refused("FROM alpine\nMAINTAINER x\n", &with("error=true")), Some(("PLAN_CHECK_FAILED", 2)));
        assert_eq!(refused("FROM alpine\n", &with("wrong")), Some(("PLAN_CHECK_OPTION", 0)));
    }

    #[test]
    fn stages_that_are_not_built_are_not_carried_out() {
        let text = "# check=error=true\nFROM alpine AS a\nCMD x\nFROM alpine\n";
        assert_eq!(refused(text, &Options::default()), None);
        let options = Options { target: Some("a".to_owned()), ..Options::default() };
        assert_eq!(refused(text, &options), Some(("PLAN_CHECK_FAILED", 1)));
    }
}
