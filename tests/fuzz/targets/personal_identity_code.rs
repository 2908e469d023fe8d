//! A code that is read is found in any text that holds it, and shows in no `Debug` and in no fault.
#![no_main]

use entity::vocabulary::{PersonalIdentityCode, contains_personal_identity_code};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let found = contains_personal_identity_code(text);
    match PersonalIdentityCode::parse(text) {
        Ok(code) => {
            assert!(found, "a code that is taken would pass where codes are refused");
            assert!(contains_personal_identity_code(&format!("x {text}, y")));
            assert!(!format!("{code:?}").contains(code.expose()));
        }
        Err(fault) => {
            let said = format!("{fault} {fault:?}");
            assert!(!contains_personal_identity_code(&said), "{said}");
        }
    }
});
