//! The JavaScript boundary by itself, run in Node and in headless Chromium: what goes in is checked, what comes out is plain.
#![cfg(all(target_arch = "wasm32", feature = "js"))]

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::*;

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap()
}

fn object(pairs: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in pairs {
        Reflect::set(&object, &(*key).into(), value).unwrap();
    }
    object.into()
}

#[wasm_bindgen_test]
fn the_version_is_that_of_the_crate() {
    assert_eq!(layerwright::js::version(), env!("CARGO_PKG_VERSION"));
}

#[wasm_bindgen_test]
fn findings_are_plain_objects_with_places_in_utf16() {
    let result = layerwright::js::lint::lint_js(&"# \u{1F600}\nFROM debian\n".into(), &JsValue::UNDEFINED).unwrap();
    let findings = Array::from(&get(&result, "findings"));
    let untagged = findings.iter().find(|f| get(f, "code") == "DL3006").expect("DL3006");
    assert_eq!(get(&untagged, "line"), 2);
    assert_eq!(get(&untagged, "start"), 10);
}

#[wasm_bindgen_test]
fn an_unknown_option_is_an_error_with_a_code() {
    let options = object(&[("profil", "all".into())]);
    let error = layerwright::js::lint::lint_js(&"FROM scratch\n".into(), &options).unwrap_err();
    assert!(error.is_instance_of::<js_sys::Error>());
    assert_eq!(get(&error, "code"), "OPTIONS_INVALID");
}

#[wasm_bindgen_test]
fn an_option_that_is_undefined_is_absent() {
    let options = object(&[("profile", JsValue::UNDEFINED)]);
    assert!(layerwright::js::lint::lint_js(&"FROM scratch\n".into(), &options).is_ok());
}

#[wasm_bindgen_test]
fn bytes_that_are_not_utf8_are_a_text_too() {
    let bytes = js_sys::Uint8Array::from(&b"FROM scratch\nLABEL a=\xff\n"[..]);
    let parsed = layerwright::js::dockerfile::parse_js(&bytes).unwrap();
    assert_eq!(Array::from(&get(&parsed, "instructions")).length(), 2);
    let error = layerwright::js::dockerfile::parse_js(&JsValue::from(1)).unwrap_err();
    assert_eq!(get(&error, "code"), "ARGUMENT_INVALID");
}

#[cfg(feature = "image")]
#[wasm_bindgen_test]
fn a_task_asks_for_bytes_and_ends_with_what_was_wrong() {
    let mut task = layerwright::js::image::open_archive(0, 4.0, JsValue::UNDEFINED).unwrap();
    let step = task.step().unwrap();
    assert_eq!(get(&step, "kind"), "read");
    assert_eq!(get(&step, "source"), 0);
    task.fail("unplugged".to_owned());
    let error = loop {
        match task.step() {
            Ok(step) if get(&step, "kind") == "done" => panic!("it cannot be opened"),
            Ok(_) => task.fail("unplugged".to_owned()),
            Err(error) => break error,
        }
    };
    assert_eq!(get(&error, "code"), "SOURCE_UNREADABLE");
    assert_eq!(get(&task.step().unwrap_err(), "code"), "TASK_ENDED");
}
