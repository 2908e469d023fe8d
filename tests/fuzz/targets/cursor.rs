//! A cursor is taken or refused, and one of one list is never one of another.
#![no_main]

use api::graphql::connections::Page;
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;

fuzz_target!(|given: (Option<i32>, &str)| {
    let (first, after) = given;
    let page = Page::<(String, Uuid)>::of("agreements", first, Some(after), 100);
    if let Ok(page) = page {
        assert!((1..=100).contains(&page.count) && page.after.is_some());
        assert!(Page::<(String, Uuid)>::of("organisations", first, Some(after), 100).is_err());
    }
});
