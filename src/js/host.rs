//! What the host does faster than wasm can: hashes and checksums, from processor instructions that wasm does not have, or
//! on other threads.
//!
//! The host is handed views of wasm memory; nothing is copied on the way to it.

use super::image::current;
use crate::archive::crc32;
use crate::oci::Algorithm;
use crate::oci::hash::{self, Elsewhere, Hasher, Later};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A running hash of the host. What `update` is given is valid during the call only. */
export interface HostHash {
  update(bytes: Uint8Array): void;
  digest(): Uint8Array;
}
/** What the host does faster than wasm can: `node:crypto` and `node:zlib` have the first two in this form. */
export interface Host {
  createHash?(algorithm: "sha256" | "sha512"): HostHash;
  crc32?(bytes: Uint8Array, value: number): number;
  /** Hashes on another thread. */
  elsewhere?: HashElsewhere;
}
/** Hashes on another thread, by numbers. */
export interface HashElsewhere {
  /** The number of a new hash; undefined where none can be begun now. */
  begin(algorithm: "sha256" | "sha512"): number | undefined;
  /** The bytes are valid during the call only. */
  update(number: number, bytes: Uint8Array): void;
  /** There are no more bytes; `hash` may be asked for. */
  end(number: number): void;
  /** It is not wanted any more. */
  drop(number: number): void;
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

    #[wasm_bindgen(method, structural, getter)]
    fn elsewhere(this: &Host) -> Option<HashElsewhere>;

    /// A running hash.
    type HostHash;

    #[wasm_bindgen(method, structural)]
    fn update(this: &HostHash, bytes: &[u8]);

    #[wasm_bindgen(method, structural)]
    fn digest(this: &HostHash) -> Vec<u8>;

    /// Hashes on another thread.
    type HashElsewhere;

    #[wasm_bindgen(method, structural)]
    fn begin(this: &HashElsewhere, algorithm: &str) -> Option<u32>;

    #[wasm_bindgen(method, structural)]
    fn update(this: &HashElsewhere, number: u32, bytes: &[u8]);

    #[wasm_bindgen(method, structural)]
    fn end(this: &HashElsewhere, number: u32);

    #[wasm_bindgen(method, structural)]
    fn drop(this: &HashElsewhere, number: u32);
}

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
}

fn name(algorithm: Algorithm) -> Option<&'static str> {
    match algorithm {
        Algorithm::Sha256 => Some("sha256"),
        Algorithm::Sha512 => Some("sha512"),
        Algorithm::Other => None,
    }
}

/// Uses the host's functions from now on.
#[wasm_bindgen(js_name = useHost)]
pub fn use_host(host: Host) {
    let has = |key: &str| js_sys::Reflect::get(&host, &key.into()).is_ok_and(|function| function.is_function());
    let (hashes, checksums, elsewhere) = (has("createHash"), has("crc32"), host.elsewhere().is_some());
    HOST.with(|slot| *slot.borrow_mut() = Some(host));
    if hashes {
        hash::use_host(Some(|algorithm| {
            let name = name(algorithm)?;
            HOST.with(|host| Some(Box::new(host.borrow().as_ref()?.create_hash(name).ok()?) as Box<dyn Hasher>))
        }));
    }
    if checksums {
        crc32::use_host(Some(|bytes, value| {
            HOST.with(|host| host.borrow().as_ref().map_or(0, |host| host.crc32(bytes, value)))
        }));
    }
    if elsewhere {
        hash::use_elsewhere(Some(|algorithm| {
            let elsewhere = HOST.with(|host| host.borrow().as_ref()?.elsewhere())?;
            let number = elsewhere.begin(name(algorithm)?)?;
            Some(Box::new(There { elsewhere, number, ended: false }))
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

/// A running hash on another thread.
struct There {
    elsewhere: HashElsewhere,
    number: u32,
    ended: bool,
}

impl Elsewhere for There {
    fn update(&mut self, bytes: &[u8]) {
        self.elsewhere.update(self.number, bytes);
    }

    fn finish(mut self: Box<Self>) -> Later {
        self.elsewhere.end(self.number);
        Box::pin(async move {
            let port = current().map_err(|error| error.0)?;
            let hash = port.hash(self.number).await;
            self.ended = true;
            hash
        })
    }
}

impl Drop for There {
    fn drop(&mut self) {
        if !self.ended {
            self.elsewhere.drop(self.number);
        }
    }
}

/// A hash by itself: what the other thread runs.
#[wasm_bindgen]
pub struct HashStream {
    hashing: Option<hash::Hashing>,
}

#[wasm_bindgen]
impl HashStream {
    /// A hash that has seen nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "\"sha256\" | \"sha512\"")] algorithm: &str,
    ) -> Result<HashStream, JsValue> {
        let algorithm = match algorithm {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => return Err(super::error("ARGUMENT_INVALID", "algorithm: expected sha256 or sha512", &())),
        };
        Ok(Self { hashing: hash::hasher(algorithm) })
    }

    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(hashing) = &mut self.hashing {
            hashing.update(bytes);
        }
    }

    /// The hash of all bytes. It takes no more.
    pub fn digest(&mut self) -> Vec<u8> {
        self.hashing.take().map(hash::Hashing::raw).unwrap_or_default()
    }
}
