//! A citation that is read is written, and what is written is read as the same.
#![no_main]

use entity::vocabulary::Citation;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(citation) = text.parse::<Citation>() else { return };
    let written = citation.to_string();
    assert_eq!(written.parse::<Citation>().as_ref(), Ok(&citation), "{written}");
    let (normalised, _) = Citation::parse_normalising(&written).unwrap();
    assert_eq!((normalised.key(), normalised.to_string()), (citation.key(), written));
});
