//! Any bytes are read as JSON or refused. What is read is what `serde_json` reads, where that takes it too.
#![no_main]

use layerwright::oci::JsonLimits;
use layerwright::oci::json::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let own = parse(data, JsonLimits::default());
    if let Ok((value, issues)) = own
        && issues.is_empty()
        && let Ok(other) = serde_json::from_slice::<serde_json::Value>(data)
    {
        assert_eq!(value, other);
    }
});
