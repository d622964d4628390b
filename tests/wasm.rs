//! The JavaScript boundary, run in Node and in headless Chromium.
#![cfg(all(target_arch = "wasm32", feature = "js"))]

use wasm_bindgen_test::*;

#[cfg(feature = "browser-tests")]
wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn the_version_is_that_of_the_crate() {
    assert_eq!(layerwright::js::version(), env!("CARGO_PKG_VERSION"));
}
