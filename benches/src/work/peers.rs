//! What a user would pick instead, and how far ahead of it the gateway shall be.

/// Best peer at one work, as it was measured on 2 cores with 5,000 agreements and 5,000,000 disclosures on PostgreSQL 15, with
/// JWT and 32 connections, medians of 3 (`PostGraphile` 5, Mercurius with JIT, Seaography 2, GraphQL Yoga, Strawberry); not in
/// the run it is set beside.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// Requests a second.
    pub(crate) rate: f64,
    /// What one plain SQL statement gave beside it; the middle where several were measured.
    pub(crate) statement: f64,
}

const SEAOGRAPHY: &str = "Seaography";
const MERCURIUS: &str = "Mercurius";

/// Best peer at a work.
pub(crate) fn best(work: &str) -> Peer {
    let (name, rate, statement) = match work {
        "W1" => (SEAOGRAPHY, 1_530.0, 5_400.0),
        "W2" => (MERCURIUS, 285.0, 1_070.0),
        "W3" => (SEAOGRAPHY, 5_150.0, 15_850.0),
        "W4" => (SEAOGRAPHY, 2_480.0, 4_130.0),
        "W5" => (MERCURIUS, 72.0, 58.0),
        _ => (MERCURIUS, 1_300.0, 2_890.0),
    };
    Peer { name, rate, statement }
}

/// How many times the best peer the gateway shall give.
pub(crate) fn aim(work: &str, name: &str, connections: u64, kept: bool) -> f64 {
    match (work, kept) {
        ("W1" | "W2", false) => 4.0,
        ("W1", true) => 15.0,
        ("W2", true) => 50.0,
        ("W3", _) if name.starts_with("AuthZEN") => 5.0,
        ("W3", _) => 3.0,
        ("W4", _) if connections > 32 => 3.5,
        ("W4", _) => 2.0,
        ("W5", _) => 30.0,
        _ => 1.5,
    }
}

/// Megabytes the gateway may hold after the run.
pub(crate) const RESIDENT_MAX: f64 = 128.0;

/// Seconds from a start to the first answer.
pub(crate) const START_MAX: f64 = 0.3;
