//! Rules of hadolint and of BuildKit that find the same thing.
//!
//! Outside the profiles that copy one of the two tools, one of a pair stands for both: who silences the one or gives
//! it a level means the other as well, so that a `.hadolint.yaml` and its comments go on working.

use crate::dockerfile::syntax::Keyword;

/// hadolint's code, BuildKit's name, and the instruction that the pair is about where BuildKit's rule is wider.
const TWINS: &[(&str, &str, Option<Keyword>)] = &[
    ("DL3000", "WorkdirRelativePath", None),
    ("DL3012", "MultipleInstructionsDisallowed", Some(Keyword::Healthcheck)),
    ("DL3024", "DuplicateStageName", None),
    ("DL3025", "JSONArgsRecommended", None),
    ("DL3029", "FromPlatformFlagConstDisallowed", None),
    ("DL3063", "ReservedStageName", None),
    ("DL3064", "SecretsUsedInArgOrEnv", None),
    ("DL3065", "RedundantTargetPlatform", None),
    ("DL4000", "MaintainerDeprecated", None),
    ("DL4003", "MultipleInstructionsDisallowed", Some(Keyword::Cmd)),
    ("DL4004", "MultipleInstructionsDisallowed", Some(Keyword::Entrypoint)),
];

/// Other codes of what this rule finds; of what it finds in an instruction of this kind, where one is given.
pub fn twins(code: &str, kind: Option<Keyword>) -> impl Iterator<Item = &'static str> {
    TWINS.iter().filter_map(move |(hadolint, buildkit, only)| {
        if code == *hadolint {
            return Some(*buildkit);
        }
        let about = match (kind, only) {
            (Some(kind), Some(only)) => kind == *only,
            _ => true,
        };
        (about && code == *buildkit).then_some(*hadolint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::rules;

    #[test]
    fn both_of_a_pair_exist() {
        for (hadolint, buildkit, _) in TWINS {
            assert!(rules::find(hadolint).is_some() && rules::find(buildkit).is_some(), "{hadolint} {buildkit}");
        }
    }

    #[test]
    fn a_wide_rule_is_one_twin_for_each_instruction() {
        assert_eq!(twins("MultipleInstructionsDisallowed", Some(Keyword::Cmd)).collect::<Vec<_>>(), ["DL4003"]);
        assert_eq!(twins("MultipleInstructionsDisallowed", None).count(), 3);
        assert_eq!(twins("DL3025", None).collect::<Vec<_>>(), ["JSONArgsRecommended"]);
        assert_eq!(twins("DL3008", None).count(), 0);
    }
}
