//! Properties of the editing services that hold for any text.
#![cfg(not(target_arch = "wasm32"))]

use layerwright::dockerfile::parse;
use layerwright::edit::{self, CompletionOptions, Document};
use layerwright::plan::{Base, Options, Plan, plan};
use layerwright::text::Span;
use proptest::prelude::*;

/// Pieces that Dockerfiles are made of, many of them half typed.
fn half_typed() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "FROM ",
        "FROM a AS b\n",
        "from B\n",
        "FROM $V AS c\n",
        "ARG V=b\n",
        "ARG V",
        "ENV V=1 W=$V\n",
        "ENV V ${W:-$V}\n",
        "RUN ",
        "RUN echo $V \"${V}\" '$V'\n",
        "RUN V=1; echo $V\n",
        "RUN for V in a; do echo $V; done\n",
        "RUN if [ $V ]; then\n",
        "COPY --from=",
        "COPY --from=b x y\n",
        "COPY --from=0 x y\n",
        "COPY --chown=$V <<E /\n",
        "RUN --mount=type=bind,from=b,target=/x ",
        "RUN --mount=",
        "--mount=type=cache,sh",
        "--from='b'",
        "--link ",
        "ONBUILD ",
        "ONBUILD COPY --from=b $V /\n",
        "HEALTHCHECK ",
        "CMD echo $V\n",
        "CMD [\"$V\", \"\u{e9}\"]\n",
        "LABEL a=\"$V\" org",
        "EXPOSE 80/",
        "USER ",
        "WORKDIR /$",
        "SHELL [\"cmd\"]\n",
        "SHELL [\"pwsh\"]\n",
        "%V%",
        "$env:V",
        "<<E",
        "<<-'E'\n",
        "E\n",
        "\\\n",
        "`\n",
        "\r\n",
        "\n",
        "\n",
        " ",
        "\t",
        "# escape=`\n",
        "# check=skip=",
        "# hadolint ignore=DL3008,",
        "# layerwright ",
        "#",
        "$",
        "${",
        "}",
        "\"",
        "'",
        "&&",
        "|",
        "(",
        ")",
        "\u{1F600}",
        "\u{feff}",
        "\u{e9}",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Asks everything at every `step`th offset: nothing panics, and every place is one of the text.
fn everything(source: &[u8], step: usize) {
    let file = parse(source);
    let document = Document::new(source, &file);
    let valid = std::str::from_utf8(source);
    let inside = |span: Span, what: &str| {
        assert!(span.start <= span.end && span.end as usize <= source.len(), "{what} {span:?}");
        if let Ok(text) = valid {
            assert!(text.get(span.range()).is_some(), "{what} {span:?} cuts a character");
        }
    };
    let one_line = |span: Span, what: &str| {
        inside(span, what);
        assert!(!span.of(source).contains(&b'\n'), "{what} {span:?} holds a line end");
    };
    let mut at = 0;
    for token in edit::tokens(&document) {
        one_line(token.span, "token");
        assert!(token.span.start >= at && !token.span.is_empty(), "tokens are sorted and do not overlap");
        at = token.span.end;
    }
    for fold in edit::folding(&document) {
        inside(fold.span, "fold");
    }
    fn nested(symbols: &[edit::Symbol], inside: &dyn Fn(Span, &str)) {
        for symbol in symbols {
            inside(symbol.span, "symbol");
            inside(symbol.name_span, "name");
            let (outer, name) = (symbol.span, symbol.name_span);
            assert!(outer.start <= name.start && name.end <= outer.end, "a symbol holds its name");
            for child in &symbol.children {
                assert!(outer.start <= child.span.start && child.span.end <= outer.end, "a symbol holds its children");
            }
            nested(&symbol.children, inside);
        }
    }
    nested(&edit::symbols(&document), &inside);
    let offsets = (0..=source.len()).filter(|&i| valid.is_ok_and(|t| t.is_char_boundary(i)) || valid.is_err());
    for offset in offsets.step_by(step).map(|i| i as u32) {
        for completion in edit::completions(&document, offset, &CompletionOptions::default()) {
            one_line(completion.span, "completion");
            assert!(
                completion.span.start <= offset && offset <= completion.span.end,
                "a completion is where it was asked for"
            );
        }
        if let Some(hover) = edit::hover(&document, offset) {
            inside(hover.span, "hover");
            assert!(!hover.contents.is_empty());
        }
        if let Some(span) = edit::definition(&document, offset) {
            inside(span, "definition");
        }
        let found = edit::references(&document, offset);
        assert!(found.windows(2).all(|w| w[0].span.end <= w[1].span.start), "references are sorted");
        found.iter().for_each(|r| inside(r.span, "reference"));
        let prepared = edit::prepare_rename(&document, offset);
        let renamed = edit::rename(&document, offset, "fresh_name");
        assert!(prepared.is_some() || renamed.is_err(), "what cannot be prepared is not renamed");
        for edit in renamed.into_iter().flatten() {
            inside(edit.span, "edit");
        }
    }
    // Past the end.
    let _ = edit::completions(&document, u32::MAX, &CompletionOptions::default());
    let _ = edit::hover(&document, u32::MAX);
}

/// What a plan builds, without the names of stages and variables.
fn shape(plan: &Plan) -> Vec<(Base, bool, Vec<usize>, Vec<&'static str>)> {
    let stage = |s: &layerwright::plan::Stage| {
        (s.base.clone(), s.reachable, s.deps.clone(), s.steps.iter().map(|step| step.name).collect())
    };
    plan.stages.iter().map(stage).collect()
}

/// Renames every stage and variable of a file, each on its own, and compares what is built.
fn renames_keep_the_build(text: &str) {
    let file = parse(text.as_bytes());
    let document = Document::new(text.as_bytes(), &file);
    // The last stage's name is a value otherwise.
    let given = [("TARGETSTAGE".to_owned(), "last".to_owned())];
    let options = Options { build_args: given.into(), ..Options::default() };
    let before = plan(&file, &options);
    // A name may be what BuildKit refuses, and another one then repairs it.
    if before.error.is_some() {
        return;
    }
    let mut seen = std::collections::BTreeSet::new();
    for token in edit::tokens(&document).iter().filter(|t| t.definition) {
        let Ok(edits) = edit::rename(&document, token.span.start, "fresh_name") else { continue };
        if !seen.insert(edits.first().map(|e| e.span)) {
            continue;
        }
        let mut renamed = text.to_owned();
        for edit in edits.iter().rev() {
            renamed.replace_range(edit.span.range(), &edit.text);
        }
        let again = parse(renamed.as_bytes());
        let after = plan(&again, &options);
        let name = token.span.str_of(text);
        assert_eq!(
            before.error.as_ref().map(|e| e.code),
            after.error.as_ref().map(|e| e.code),
            "{name} in\n{text}\n---\n{renamed}"
        );
        assert_eq!(shape(&before), shape(&after), "{name} in\n{text}\n---\n{renamed}");
        // The values are the same ones, whatever they are called.
        let values = |plan: &Plan| {
            let env = plan.image.config.env.iter();
            env.map(|e| e.split_once('=').map_or("", |(_, v)| v).to_owned()).collect::<Vec<_>>()
        };
        if token.kind == edit::TokenKind::Variable {
            assert_eq!(values(&before), values(&after), "{name} in\n{text}\n---\n{renamed}");
        } else {
            assert_eq!(before.image.config, after.image.config, "{name} in\n{text}\n---\n{renamed}");
        }
        // And back again.
        let document = Document::new(renamed.as_bytes(), &again);
        let place = edits.iter().position(|e| e.span.start >= token.span.start).unwrap_or(0);
        let moved: i64 = edits[..place].iter().map(|e| e.text.len() as i64 - e.span.len() as i64).sum();
        let at = (i64::from(edits[place].span.start) + moved) as u32;
        let count = edit::rename(&document, at, "other_name").map(|e| e.len());
        assert_eq!(count, Ok(edits.len()), "{name} in\n{text}\n---\n{renamed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_bytes_are_answered(source in prop::collection::vec(any::<u8>(), 0..80)) {
        everything(&source, 1);
    }

    #[test]
    fn any_half_typed_text_is_answered(source in half_typed()) {
        everything(source.as_bytes(), 1);
        renames_keep_the_build(&source);
    }
}

#[test]
fn real_files_are_answered_at_every_offset() {
    for seed in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/dockerfile")).unwrap() {
        let text = std::fs::read_to_string(seed.unwrap().path()).unwrap();
        everything(text.as_bytes(), 1);
        renames_keep_the_build(&text);
    }
}

/// The Dockerfiles of the conformance data, where those are beside the repository.
#[test]
fn files_of_others_are_answered_and_renamed() {
    for name in ["corpus", "unit"] {
        let path = format!("{}/../shared/conformance/data/buildkit/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
        let Ok(data) = std::fs::read_to_string(path) else { continue };
        for line in data.lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let Some(text) = case["src"].as_str() else { continue };
            everything(text.as_bytes(), (text.len() / 6).max(7));
            renames_keep_the_build(text);
        }
    }
}

/// Work that grows with the square of the input would not end here.
#[test]
fn long_files_are_answered_in_proportion() {
    let mut text = "ARG G=1\n".to_owned();
    for stage in 0..200 {
        text.push_str(&format!("FROM s{} AS s{stage}\n", stage - 1));
        for line in 0..100 {
            text.push_str(&format!(
                "ENV V{line}=${{V{line}:-$G}}\nRUN --mount=from=s{stage},target=/x echo $V{line} && X=1; echo $X\n"
            ));
        }
    }
    text.push_str("COPY --from=");
    let file = parse(text.as_bytes());
    let document = Document::new(text.as_bytes(), &file);
    let end = text.len() as u32;
    assert_eq!(edit::completions(&document, end, &CompletionOptions::default()).len(), 199);
    let dollar = text.replace("COPY --from=", "RUN $");
    let file = parse(dollar.as_bytes());
    let document = Document::new(dollar.as_bytes(), &file);
    assert_eq!(edit::completions(&document, dollar.len() as u32, &CompletionOptions::default()).len(), 100);
    assert!(edit::tokens(&document).len() > 100_000);
    let at = dollar.find("V7=").unwrap() as u32;
    // The first stage reads the variable before it sets it.
    assert_eq!(edit::references(&document, at).len(), 200 * 3 - 1);
    assert!(edit::hover(&document, at).is_some());
    assert_eq!(edit::symbols(&document).len(), 201);
    assert!(edit::rename(&document, dollar.find("s7\n").unwrap() as u32, "other").is_ok());
}
