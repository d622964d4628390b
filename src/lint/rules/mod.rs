//! All rules. A rule is its file and one line below.

mod helpers;
mod shell_helpers;

/// What most rules need.
mod prelude {
    pub(super) use super::helpers::*;
    pub(super) use crate::dockerfile::instruction::Instruction;
    pub(super) use crate::dockerfile::syntax::{Keyword, Lines, Text};
    pub(super) use crate::lint::commands::{Arg, Cmd};
    pub(super) use crate::lint::config::LabelType;
    pub(super) use crate::lint::context::{Context, Dialect, Inst, Stage};
    pub(super) use crate::lint::rule::{Fix, Sink, rule};
    pub(super) use crate::text::Span;
}

/// What most rules about scripts need.
mod shell_prelude {
    #[allow(unused_imports)] // not every rule needs all of them
    pub(super) use super::shell_helpers::*;
    #[allow(unused_imports)]
    pub(super) use crate::lint::context::{Dialect, ShellContext};
    #[allow(unused_imports)]
    pub(super) use crate::lint::rule::{Fix, ShellSink, rule};
    #[allow(unused_imports)]
    pub(super) use crate::text::Span;
}

macro_rules! rules {
    ($($module:ident,)*) => {
        $(mod $module;)*

        /// Every rule, by family and code.
        pub static RULES: &[&super::rule::Rule] = &[$(&$module::RULE),*];
    };
}

rules! {
    consistent_instruction_casing,
    copy_ignored_file,
    duplicate_stage_name,
    expose_invalid_format,
    expose_proto_casing,
    from_as_casing,
    from_platform_flag_const_disallowed,
    invalid_base_image_platform,
    invalid_default_arg_in_from,
    invalid_definition_description,
    json_args_recommended,
    legacy_key_value_format,
    maintainer_deprecated,
    multiple_instructions_disallowed,
    no_empty_continuation,
    redundant_target_platform,
    reserved_stage_name,
    secrets_used_in_arg_or_env,
    stage_name_casing,
    undefined_arg_in_from,
    undefined_var,
    workdir_relative_path,
    dl1000,
    dl1001,
    dl3000,
    dl3001,
    dl3002,
    dl3003,
    dl3004,
    dl3006,
    dl3007,
    dl3008,
    dl3009,
    dl3010,
    dl3011,
    dl3012,
    dl3013,
    dl3014,
    dl3015,
    dl3016,
    dl3018,
    dl3019,
    dl3020,
    dl3021,
    dl3022,
    dl3023,
    dl3024,
    dl3025,
    dl3026,
    dl3027,
    dl3028,
    dl3029,
    dl3030,
    dl3032,
    dl3033,
    dl3034,
    dl3035,
    dl3036,
    dl3037,
    dl3038,
    dl3040,
    dl3041,
    dl3042,
    dl3043,
    dl3044,
    dl3045,
    dl3046,
    dl3047,
    dl3048,
    dl3049,
    dl3050,
    dl3051,
    dl3052,
    dl3053,
    dl3054,
    dl3055,
    dl3056,
    dl3057,
    dl3058,
    dl3059,
    dl3060,
    dl3061,
    dl3062,
    dl3063,
    dl3064,
    dl3065,
    dl3066,
    dl3067,
    dl4000,
    dl4001,
    dl4003,
    dl4004,
    dl4005,
    dl4006,
    sc1001,
    sc1007,
    sc1009,
    sc1012,
    sc1020,
    sc1035,
    sc1036,
    sc1045,
    sc1046,
    sc1047,
    sc1054,
    sc1056,
    sc1065,
    sc1070,
    sc1072,
    sc1073,
    sc1075,
    sc1083,
    sc1088,
    sc1089,
    sc1135,
    sc2003,
    sc2005,
    sc2006,
    sc2009,
    sc2010,
    sc2011,
    sc2012,
    sc2013,
    sc2015,
    sc2016,
    sc2018,
    sc2019,
    sc2021,
    sc2027,
    sc2028,
    sc2034,
    sc2035,
    sc2038,
    sc2043,
    sc2044,
    sc2045,
    sc2046,
    sc2048,
    sc2050,
    sc2059,
    sc2060,
    sc2061,
    sc2068,
    sc2069,
    sc2086,
    sc2097,
    sc2098,
    sc2102,
    sc2115,
    sc2116,
    sc2125,
    sc2126,
    sc2143,
    sc2153,
    sc2154,
    sc2155,
    sc2162,
    sc2164,
    sc2166,
    sc2174,
    sc2181,
    sc2185,
    sc2196,
    sc2226,
    sc2231,
    sc2251,
    sc3001,
    sc3003,
    sc3009,
    sc3010,
    sc3011,
    sc3014,
    sc3020,
    sc3030,
    sc3036,
    sc3037,
    sc3039,
    sc3040,
    sc3043,
    sc3044,
    sc3045,
    sc3046,
    sc3050,
    sc3053,
    sc3054,
    sc3057,
    sc3060,
    lw1001,
    lw1002,
    lw1003,
    lw1004,
    lw1005,
    lw1006,
    lw1007,
    lw1008,
    lw1009,
    lw1010,
    lw1011,
    lw1012,
    lw1013,
    lw1014,
    lw1015,
    lw1016,
    lw1017,
    lw1018,
    lw1019,
    lw1020,
    lw1021,
    lw1022,
    lw1023,
    lw1024,
    lw1025,
    lw1026,
    lw1027,
    lw1028,
    lw1029,
    lw1030,
    lw1031,
    lw1032,
    lw1033,
    lw1034,
    lw1035,
    lw1036,
    lw2001,
    lw2002,
}

/// The rule of this code or name, in any case.
pub fn find(code: &str) -> Option<&'static super::rule::Rule> {
    RULES.iter().copied().find(|r| r.code.eq_ignore_ascii_case(code) || r.name.eq_ignore_ascii_case(code))
}

/// The code one or two letters away from this one, where there is one: the nearest, then the first.
pub fn nearest(code: &str) -> Option<&'static str> {
    let code = code.to_ascii_lowercase();
    let far = |rule: &super::rule::Rule| distance(&rule.code.to_ascii_lowercase(), &code);
    let (far, best) = RULES.iter().map(|rule| (far(rule), rule.code)).min_by_key(|(far, _)| *far)?;
    // Of short codes, most are two letters off from many others.
    (far <= if code.len() > 6 { 2 } else { 1 }).then_some(best)
}

/// Letters to add, drop, change or swap with their neighbour to get from one to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (row[j + 1] + 1).min(next[j] + 1).min(row[j] + usize::from(x != y));
            if i > 0 && j > 0 && a[i - 1] == *y && b[j - 1] == *x {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::{LintOptions, Profile, ShellOptions, lint, lint_shell};

    /// The fenced blocks of a rule's documentation, by language.
    fn blocks(docs: &str, language: &str) -> Vec<String> {
        let mut out = Vec::new();
        let mut current: Option<String> = None;
        for line in docs.lines() {
            let line = line.strip_prefix(' ').unwrap_or(line);
            match &mut current {
                None if line.trim() == format!("```{language}") => current = Some(String::new()),
                None => {}
                Some(_) if line.trim() == "```" => out.extend(current.take()),
                Some(text) => {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        out
    }

    #[test]
    fn the_example_of_each_rule_is_found_and_its_correction_is_not() {
        for rule in RULES {
            let config = blocks(rule.docs, "yaml").pop();
            let json = blocks(rule.docs, "json").pop().unwrap_or_else(|| "{}".into());
            let base_configs = serde_json::from_str(&json).unwrap();
            let dockerignore = blocks(rule.docs, "ignore").pop();
            let options = LintOptions {
                profile: Some(Profile::All),
                config,
                base_configs,
                dockerignore,
                ..LintOptions::default()
            };
            let mut examples = blocks(rule.docs, "dockerfile");
            examples.extend(blocks(rule.docs, "sh"));
            let fires = |text: &str| {
                if text.contains("FROM ") || text.contains("from ") || text.contains("From ") {
                    lint(text.as_bytes(), &options).unwrap().findings.iter().any(|f| f.code == rule.code)
                } else {
                    let shell = ShellOptions::default();
                    lint_shell(text.trim_end(), &shell).findings.iter().any(|f| f.code == rule.code)
                }
            };
            assert_eq!(examples.len(), 2, "{}: one example, one correction", rule.code);
            assert!(fires(&examples[0]), "{}: not found in its example:\n{}", rule.code, examples[0]);
            assert!(!fires(&examples[1]), "{}: found in its correction:\n{}", rule.code, examples[1]);
        }
    }

    #[test]
    fn slips_have_a_nearest_code() {
        assert_eq!(nearest("DL30088"), Some("DL3008"));
        assert_eq!(nearest("DL3O08"), Some("DL3008"));
        assert_eq!(nearest("stagenamecasign"), Some("StageNameCasing"));
        assert_eq!(nearest("nothing-like-it"), None);
    }

    #[test]
    fn codes_and_names_are_unique() {
        let mut seen = std::collections::HashSet::new();
        for rule in RULES {
            assert!(seen.insert(rule.code) && seen.insert(rule.name), "{} {}", rule.code, rule.name);
            assert!(rule.summary().ends_with('.'), "{}: {:?}", rule.code, rule.summary());
        }
    }

    #[test]
    fn fixes_remove_what_they_fix() {
        for rule in RULES.iter().filter(|r| !r.is_shell()) {
            let options = LintOptions { profile: Some(Profile::All), ..LintOptions::default() };
            for text in blocks(rule.docs, "dockerfile").into_iter().take(1) {
                let found = lint(text.as_bytes(), &options).unwrap().findings;
                let safe = found.iter().any(|f| f.code == rule.code && f.fix.as_ref().is_some_and(|f| f.safe));
                if safe {
                    let fixed = crate::lint::fix(&text, &options).unwrap();
                    assert!(fixed.remaining.iter().all(|f| f.code != rule.code), "{}:\n{}", rule.code, fixed.text);
                    assert_eq!(crate::lint::fix(&fixed.text, &options).unwrap().text, fixed.text, "{}", rule.code);
                }
            }
        }
    }
}
