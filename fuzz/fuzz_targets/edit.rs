//! Every editing service answers at every place of any text, with places that are in it.
#![no_main]

use layerwright::edit::{self, CompletionOptions, Document};
use layerwright::{dockerfile, text::Span};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // The first two bytes say where.
    let Some((place, source)) = data.split_first_chunk::<2>() else { return };
    let file = dockerfile::parse(source);
    let document = Document::new(source, &file);
    let inside = |span: Span| assert!(span.start <= span.end && span.end as usize <= source.len());
    let offset = u32::from(u16::from_le_bytes(*place)).min(source.len() as u32);
    for completion in edit::completions(&document, offset, &CompletionOptions::default()) {
        inside(completion.span);
        assert!(completion.span.start <= offset && offset <= completion.span.end);
    }
    edit::hover(&document, offset).into_iter().for_each(|h| inside(h.span));
    edit::definition(&document, offset).into_iter().for_each(inside);
    edit::references(&document, offset).into_iter().for_each(|r| inside(r.span));
    let edits = edit::rename(&document, offset, "fresh_name").unwrap_or_default();
    edits.into_iter().for_each(|e| inside(e.span));
    edit::folding(&document).into_iter().for_each(|f| inside(f.span));
    std::hint::black_box(edit::symbols(&document));
    let mut at = 0;
    for token in edit::tokens(&document) {
        assert!(token.span.start >= at, "tokens overlap");
        inside(token.span);
        at = token.span.end;
    }
});
