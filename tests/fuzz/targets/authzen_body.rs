//! A body of AuthZEN is read or refused with a reason that tells nothing of it but places, and a bound of evaluations holds.
#![no_main]

use api::{
    Error,
    access_decision::authzen::{Asked, several},
    graphql::http::{VariablesLimits, object},
};
use entity::vocabulary::contains_personal_identity_code;
use libfuzzer_sys::fuzz_target;

const LIMITS: VariablesLimits = VariablesLimits { bytes: 1_000_000, depth: 16, values: 100_000 };

fuzz_target!(|body: &[u8]| {
    match object(body, &LIMITS).and_then(|request| several(&request)) {
        Ok(Asked::One(_)) => {}
        Ok(Asked::Several(evaluations, _)) => assert!((1..=100).contains(&evaluations.len())),
        Err(Error::Invalid(faults)) => {
            assert!(!faults.is_empty());
            for fault in faults {
                assert!(!contains_personal_identity_code(&fault.message), "{}", fault.message);
            }
        }
        Err(Error::LimitExceeded { limit, .. }) => assert!(!limit.is_empty()),
        Err(error) => panic!("{error}"),
    }
});
