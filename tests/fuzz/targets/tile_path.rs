//! A tile has one address: a path that names one is the path it is written as.
#![no_main]

use api::transparency_log::{path, wanted};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(found) = wanted(text) {
        assert_eq!(path(found), text);
    }
});
