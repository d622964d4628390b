//! Properties of the Dockerfile half that hold for any input.
#![cfg(not(target_arch = "wasm32"))]

use layerwright::dockerfile::dockerignore::{Matcher, read};
use layerwright::dockerfile::expand::Expander;
use layerwright::dockerfile::format::{Continuation, FormatOptions, KeywordCase, format, same_build};
use layerwright::dockerfile::syntax::{ItemKind, Node};
use layerwright::dockerfile::{Dockerfile, parse};
use layerwright::plan::{Options, plan};
use proptest::prelude::*;

/// Texts made of what Dockerfiles are made of, so that the grammar is reached.
fn dockerfile() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "FROM",
        "from",
        "RUN",
        "COPY",
        "ADD",
        "ENV",
        "ARG",
        "LABEL",
        "ONBUILD",
        "HEALTHCHECK",
        "CMD",
        "SHELL",
        "EXPOSE",
        "WORKDIR",
        "VOLUME",
        "USER",
        "STOPSIGNAL",
        "ENTRYPOINT",
        "MAINTAINER",
        "AS",
        "NONE",
        "alpine",
        "scratch",
        "base",
        "a=b",
        "x=\"y z\"",
        "'q",
        "\"",
        "--from=base",
        "--mount=type=cache,target=/x",
        "--chown=1:1",
        "--link",
        "--",
        "<<EOF",
        "<<-EOF",
        "EOF",
        "<< E",
        "[\"a\", \"b\"]",
        "[\"a\"",
        "[1]",
        "$A",
        "${A:-b}",
        "${A",
        "\\",
        "\\\n",
        "`\n",
        "\n",
        "\n",
        "\r\n",
        "#",
        "# escape=`\n",
        "# syntax=x\n",
        "# check=skip=all\n",
        " ",
        "\t",
        "&&",
        " && ",
        " \\\n  ",
        "apt-get install b a",
        "if x; then y; fi",
        "$(a; b)",
        "|",
        ";",
        "\u{e9}",
        "\u{feff}",
        "/a",
        ".",
        "80",
        "80-90/udp",
        "--interval=1m",
        "\0",
    ]);
    prop::collection::vec((word, prop::sample::select(vec!["", " ", "\n", "  "])), 0..40)
        .prop_map(|parts| parts.into_iter().flat_map(|(w, s)| [w, s]).collect())
}

fn format_options() -> impl Strategy<Value = FormatOptions> {
    let case = prop::sample::select(vec![KeywordCase::Upper, KeywordCase::Lower, KeywordCase::Keep]);
    let continuation = prop::sample::select(vec![Continuation::Space, Continuation::Align, Continuation::Keep]);
    (case, 0u8..20, 0u8..4, continuation, any::<bool>(), any::<bool>()).prop_map(
        |(keyword_case, indent, blank_lines, continuation, break_commands, sort_packages)| FormatOptions {
            keyword_case,
            indent,
            blank_lines,
            continuation,
            break_commands,
            sort_packages,
        },
    )
}

fn spans_are_inside(file: &Dockerfile, source: &[u8]) {
    let mut at = 0;
    for item in &file.items {
        assert_eq!(item.span.start, at, "items tile the file");
        at = item.span.end;
        if let ItemKind::Instruction(i) = item.kind {
            let node = &file.nodes[i as usize];
            assert!(item.span.start <= node.span.start && node.span.end <= item.span.end);
        }
    }
    assert_eq!(at as usize, source.len(), "items reach the end");
    for node in &file.nodes {
        node_is_inside(node, source);
    }
}

fn node_is_inside(node: &Node, source: &[u8]) {
    let length = source.len() as u32;
    for word in node.args.iter().chain([&node.keyword]) {
        assert!(word.span.start <= word.span.end && word.span.end <= length);
    }
    for flag in &node.flags {
        assert!(flag.span.end <= length && flag.value_span.end <= length);
    }
    for doc in &node.heredocs {
        assert!(doc.body.start <= doc.body.end && doc.body.end <= length);
    }
    // Every byte of a logical line that is plain text is where the map says.
    for (at, b) in node.logical.text.bytes().enumerate().filter(|(_, b)| b.is_ascii()) {
        let place = node.logical.source_offset(at as u32) as usize;
        assert_eq!(source.get(place), Some(&b), "byte {at} of {:?}", node.logical.text);
    }
    if let Some(child) = &node.child {
        node_is_inside(child, source);
    }
}

fn everything(source: &[u8]) {
    let file = parse(source);
    spans_are_inside(&file, source);
    let _ = layerwright::dockerfile::report::report(&file, source);
    for node in &file.nodes {
        let _ = node.read();
    }
    let planned = plan(&file, &Options::default());
    assert_eq!(planned.error.is_some(), !planned.diagnostics.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_a_dockerfile(source in prop::collection::vec(any::<u8>(), 0..300)) {
        everything(&source);
    }

    #[test]
    fn any_words_are_a_dockerfile(source in dockerfile()) {
        everything(source.as_bytes());
    }

    #[test]
    fn formatting_is_idempotent_and_keeps_the_build(source in dockerfile(), options in format_options()) {
        let made = format(&source, &options);
        let (before, after) = (parse(source.as_bytes()), parse(made.as_bytes()));
        prop_assert!(options.sort_packages || same_build(&before, &after));
        let comments = |f: &Dockerfile| f.comments.iter().map(|c| c.text.to_string()).collect::<Vec<_>>();
        let docs = |f: &Dockerfile| {
            f.nodes.iter().flat_map(|n| &n.heredocs).map(|h| h.content.to_string()).collect::<Vec<_>>()
        };
        prop_assert_eq!((comments(&before), docs(&before)), (comments(&after), docs(&after)));
        prop_assert_eq!(format(&made, &options), made);
    }

    #[test]
    fn any_word_expands_or_fails(word in "[-a-z$(){}:?+#%/\\\\'\"<*\u{e9} ]{0,30}", value in "[a-c*/ ]{0,8}") {
        let env = vec![("a".to_owned(), value)];
        for (raw_quotes, raw_escapes) in [(false, false), (true, true)] {
            let _ = Expander { raw_quotes, raw_escapes, ..Expander::default() }.expand(&word, &env);
        }
    }

    #[test]
    fn any_pattern_matches_or_fails(text in "[-a-c!*?\\[\\]^{}|.\\\\/0-9, \n]{0,24}", path in "[a-c./]{0,12}") {
        if let Ok(matcher) = Matcher::new(&read(&text)) {
            let _ = matcher.ignored(&path);
            let _ = matcher.walk(&[path.as_str(), "a/b", "a/"]);
        }
    }
}

/// Sizes at which a step that looks back over all before it would be noticed: each count is what was written.
#[test]
fn large_inputs_are_read_whole() {
    let counts = |text: &str| {
        let file = parse(text.as_bytes());
        let last = file.nodes.last().expect("an instruction");
        (file.nodes.len(), last.args.len(), last.lines.to, file.fatal().map(|d| d.code))
    };
    let one = |body: String| format!("FROM a\n{body}\n");
    let env: String = (0..100_000).map(|i| format!(" \\\n V{i}=$V{i}")).collect();
    assert_eq!(counts(&one(format!("ENV{env}"))), (2, 300_000, 100_002, None));
    let args: String = (0..100_000).map(|i| format!("ARG V{i}=${{V{i}:-x}}\n")).collect();
    assert_eq!(counts(&one(args.trim_end().to_owned())), (100_001, 1, 100_001, None));
    let line = format!("RUN echo{}", " x".repeat(32_000));
    assert_eq!(counts(&one(vec![line; 100].join("\n"))), (101, 1, 101, None));
    let long = format!("RUN echo{}", " x".repeat(33_000));
    assert_eq!(counts(&one(long)), (2, 1, 2, Some("DOCKERFILE_LINE_TOO_LONG")));
    assert_eq!(counts(&one(format!("LABEL a={}", "\"b\"'c'\\\n".repeat(100_000) + "d"))), (2, 3, 100_002, None));
    assert_eq!(counts(&one(format!("CMD [\"a\"{}]", ", \\\n \"b\"".repeat(100_000)))), (2, 100_001, 100_002, None));
    assert_eq!(counts(&one(format!("COPY{} /", " \\\n a".repeat(100_000)))), (2, 100_001, 100_002, None));
    let documents = format!("COPY{} /x/\n{}", " \\\n <<E".repeat(1_000), "1\nE\n".repeat(1_000));
    let text = one(documents.trim_end().to_owned());
    assert_eq!(counts(&text), (2, 1_001, 3_002, None));
    assert_eq!(parse(text.as_bytes()).nodes[1].heredocs.len(), 1_000);
    let deep = "\"$(".repeat(20_000);
    assert_eq!(counts(&one(format!("RUN echo {deep}"))), (2, 1, 2, None));
}

/// Work that grows with the square of the input would not end here.
#[test]
fn large_inputs_take_time_in_proportion() {
    let long = format!("FROM a\nRUN x{}\n", " \\\n  y".repeat(100_000));
    let file = parse(long.as_bytes());
    assert_eq!(file.nodes.len(), 2);
    assert_eq!(file.nodes[1].lines.to, 100_002);
    let docs = format!("FROM a\n{}", "RUN <<E\nx\nE\n".repeat(10_000));
    assert_eq!(parse(docs.as_bytes()).nodes.iter().map(|n| n.heredocs.len()).sum::<usize>(), 10_000);
    let open = format!("FROM a\n{}", "RUN <<E\n".repeat(10_000));
    assert!(parse(open.as_bytes()).fatal().is_some());
    let nested = format!("FROM a\n{}RUN x\n", "ONBUILD ".repeat(100_000));
    assert!(parse(nested.as_bytes()).fatal().is_some());
    let many = format!("FROM a\n{}", "RUN apt-get update && apt-get install -y curl # c\n".repeat(200_000));
    let file = parse(many.as_bytes());
    assert_eq!(file.nodes.len(), 200_001);
    let lines: String = (0..60_000).map(|i| format!("ENV v{i}=x\n")).collect();
    assert_eq!(plan(&parse(format!("FROM a\n{lines}").as_bytes()), &Options::default()).image.config.env.len(), 60_001);
    let steps: String = (0..20_000).map(|i| format!("ARG v{i}=x\nRUN y\n")).collect();
    let refused = plan(&parse(format!("FROM a\n{steps}").as_bytes()), &Options::default()).error;
    assert_eq!(refused.map(|e| e.code), Some("PLAN_TOO_LARGE"));
    let chain: String = (1..20_000).map(|i| format!("FROM s{} AS s{i}\nRUN y\n", i - 1)).collect();
    let refused = plan(&parse(format!("FROM a AS s0\n{chain}").as_bytes()), &Options::default()).error;
    assert_eq!(refused.map(|e| e.code), Some("PLAN_TOO_LARGE"));
    let doubling = format!("FROM a\nENV a=xxxxxxxxxxxxxxxx\n{}", "ENV a=$a$a\n".repeat(100));
    assert_eq!(plan(&parse(doubling.as_bytes()), &Options::default()).error.map(|e| e.code), Some("WORD_TOO_LONG"));
}
