//! Any text is linted, fixed and planned; what is fixed still parses.
#![no_main]

use layerwright::{dockerfile, lint, plan};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let options = lint::LintOptions { profile: Some(lint::Profile::All), ..Default::default() };
    std::hint::black_box(lint::lint(data, &options).ok());
    let tree = dockerfile::parse(data);
    std::hint::black_box(plan::plan(&tree, &plan::Options::default()));
    if let Ok(text) = std::str::from_utf8(data)
        && tree.fatal().is_none()
        && let Ok(fixed) = lint::fix(text, &options)
    {
        assert!(dockerfile::parse(fixed.text.as_bytes()).fatal().is_none(), "a fix broke the file");
    }
});
