//! The wasm-bindgen boundary: it converts and delegates, and decides nothing.
//!
//! One file an area. Options come in through [`options`], which refuses unknown keys; results go out through
//! [`to_js`]; whatever fails becomes an `Error` with a stable `code`, made by [`error`]. Nothing here is `async`:
//! long work is a [`task::Task`] that JavaScript drives.

#[cfg(feature = "image")]
pub mod build;
#[cfg(feature = "image")]
pub mod change;
pub mod dockerfile;
#[cfg(feature = "edit")]
pub mod edit;
#[cfg(feature = "image")]
pub mod host;
#[cfg(feature = "image")]
pub mod image;
#[cfg(feature = "image")]
pub mod inspect;
pub mod lint;
#[cfg(feature = "plan")]
pub mod plan;
#[cfg(feature = "image")]
pub mod run;
#[cfg(feature = "image")]
pub mod task;

use serde::{Serialize, de::DeserializeOwned};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// Keeps the message of a panic for [`last_panic`]. Runs once an instance.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        LAST_PANIC.with(|p| {
            if let Ok(mut p) = p.try_borrow_mut() {
                *p = text;
            }
        });
    }));
}

/// The message of the panic that ended this instance; empty where none did.
///
/// The package calls it after a trap, then replaces the instance.
#[wasm_bindgen(js_name = lastPanic)]
pub fn last_panic() -> String {
    LAST_PANIC.with(|p| p.try_borrow().map(|p| p.clone()).unwrap_or_default())
}

/// Panics on purpose, so that tests can prove that a panic never reaches a caller as a trap.
#[wasm_bindgen(js_name = panicForTest)]
pub fn panic_for_test() {
    panic!("asked for by a test");
}

/// The version of the crate.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// An `Error` for JavaScript with a stable `code` and plain-object `details`.
pub(crate) fn error(code: &str, message: &str, details: &impl Serialize) -> JsValue {
    let error = js_sys::Error::new(message);
    let set = |key: &str, value: &JsValue| js_sys::Reflect::set(&error, &JsValue::from_str(key), value).is_ok();
    set("code", &JsValue::from_str(code));
    if let Ok(details) = to_js(details) {
        set("details", &details);
    }
    error.into()
}

/// Hands a result over as JSON text, which the host parses faster than objects can be made from here, and which needs
/// one serializer for all types: `None` is left out or `null` as serde says, whole numbers past 2^53 are rounded.
pub(crate) fn to_js(value: &(impl Serialize + ?Sized)) -> Result<JsValue, JsValue> {
    let json = serde_json::to_string(value).map_err(|e| internal(&e.to_string()))?;
    js_sys::JSON::parse(&json).map_err(|_| internal("it is no JSON"))
}

fn internal(why: &str) -> JsValue {
    error("INTERNAL", &format!("a result could not be handed to JavaScript: {why}"), &())
}

/// Reads an options object. `undefined` and `null` give the default; an unknown key or a wrong type is refused
/// with the code `OPTIONS_INVALID` and the keys that are known (the struct says `deny_unknown_fields`).
pub(crate) fn options<T: DeserializeOwned + Default>(value: &JsValue) -> Result<T, JsValue> {
    if value.is_undefined() || value.is_null() {
        return Ok(T::default());
    }
    if !value.is_object() || js_sys::Array::is_array(value) {
        return Err(invalid_options("expected an object"));
    }
    // By way of a JSON value, so that one reader of text serves all types.
    let json: serde_json::Value = from_js(value).map_err(|e| invalid_options(&e))?;
    T::deserialize(json).map_err(|e| invalid_options(&e.to_string()))
}

fn invalid_options(why: &str) -> JsValue {
    error("OPTIONS_INVALID", &format!("options: {why}"), &())
}

/// Takes plain data over as JSON text: a key that is `undefined` is absent. Says what is wrong with it.
pub(crate) fn from_js<T: DeserializeOwned>(value: &JsValue) -> Result<T, String> {
    // Not every value has a text: a function and `undefined` have none, a circle or a big integer is refused.
    let json = js_sys::JSON::stringify(value).ok().and_then(|text| text.as_string());
    let json = json.ok_or_else(|| "expected plain data".to_owned())?;
    serde_json::from_str(&json).map_err(|e| {
        let mut text = e.to_string();
        // Line and column of a text that the caller never saw.
        text.truncate(text.rfind(" at line ").unwrap_or(text.len()));
        text
    })
}

/// The bytes of a text argument: a string, or a `Uint8Array` where it may not be UTF-8.
pub(crate) fn text(value: &JsValue) -> Result<Vec<u8>, JsValue> {
    if let Some(text) = value.as_string() {
        return Ok(text.into_bytes());
    }
    if let Some(bytes) = value.dyn_ref::<js_sys::Uint8Array>() {
        return Ok(bytes.to_vec());
    }
    Err(error("ARGUMENT_INVALID", "text: expected a string or a Uint8Array", &()))
}
