//! An item code reads as it is written, covers itself, and covers what another covers that it covers.
#![no_main]

use entity::vocabulary::ItemCode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str, &str)| {
    let read = |text: &str| {
        let code = text.parse::<ItemCode>().ok()?;
        assert_eq!(code.as_str(), text);
        assert!(code.covers(&code));
        Some(code)
    };
    let (a, b, c) = (read(texts.0), read(texts.1), read(texts.2));
    if let (Some(a), Some(b)) = (&a, &b) {
        assert_eq!(a.covers(b), a.covers_parts(b.node(), b.qualifier()));
        assert!(a == b || !(a.covers(b) && b.covers(a)));
        if let Some(c) = &c {
            assert!(!(a.covers(b) && b.covers(c)) || a.covers(c));
        }
    }
});
