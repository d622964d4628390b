//! What the host does faster than wasm can: hashes and checksums, from processor instructions that wasm does not have.
//!
//! The host is handed views of wasm memory; nothing is copied.

use crate::archive::crc32;
use crate::oci::Algorithm;
use crate::oci::hash::{self, Hasher};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A running hash of the host. What `update` is given is valid during the call only. */
export interface HostHash {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}
/** What the host does faster than wasm can: `node:crypto` and `node:zlib` have functions of these forms. */
export interface Host {
  createHash(algorithm: "sha256" | "sha512"): HostHash;
  crc32?(bytes: Uint8Array, value: number): number;
}
"#;

#[wasm_bindgen]
extern "C" {
    /// The host's functions.
    #[wasm_bindgen(typescript_type = "Host")]
    pub type Host;

    #[wasm_bindgen(method, structural, catch, js_name = createHash)]
    fn create_hash(this: &Host, algorithm: &str) -> Result<HostHash, JsValue>;

    #[wasm_bindgen(method, structural)]
    fn crc32(this: &Host, bytes: &[u8], value: u32) -> u32;

    /// A running hash.
    type HostHash;

    #[wasm_bindgen(method, structural)]
    fn update(this: &HostHash, bytes: &[u8]);

    #[wasm_bindgen(method, structural)]
    fn digest(this: &HostHash) -> Vec<u8>;
}

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
}

/// Uses the host's functions from now on.
#[wasm_bindgen(js_name = useHost)]
pub fn use_host(host: Host) {
    let checksum = js_sys::Reflect::get(&host, &"crc32".into()).is_ok_and(|function| function.is_function());
    HOST.with(|slot| *slot.borrow_mut() = Some(host));
    hash::use_host(Some(|algorithm| {
        let name = match algorithm {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
            Algorithm::Other => return None,
        };
        HOST.with(|host| Some(Box::new(host.borrow().as_ref()?.create_hash(name).ok()?) as Box<dyn Hasher>))
    }));
    if checksum {
        crc32::use_host(Some(|bytes, value| {
            HOST.with(|host| host.borrow().as_ref().map_or(0, |host| host.crc32(bytes, value)))
        }));
    }
}

impl Hasher for HostHash {
    fn update(&mut self, bytes: &[u8]) {
        HostHash::update(self, bytes);
    }

    fn finish(self: Box<Self>, out: &mut [u8]) {
        let hash = self.digest();
        if hash.len() == out.len() {
            out.copy_from_slice(&hash);
        }
    }
}
