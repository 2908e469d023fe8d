//! Where a disclosure stands in its file, so that what is found of it later is said there.

use std::sync::Arc;

use super::{
    WorldFault,
    fault::{Place, snake_case},
    tree::Spot,
};
use crate::Fault;

/// Where a disclosure stands in its file; the rows of a series share theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(Arc<Standing>);

#[derive(Debug, PartialEq, Eq)]
struct Standing {
    place: Place,
    keys: Vec<(String, Spot)>,
    form: Form,
}

/// How a disclosure is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// By itself, each member under its own name.
    Single,
    /// As one row of a series.
    Series,
}

impl Origin {
    pub(super) fn new(place: Place, keys: Vec<(String, Spot)>, form: Form) -> Self {
        Self(Arc::new(Standing { place, keys, form }))
    }

    /// Fault of a report, at the key of the file that said it.
    pub fn fault(&self, fault: &Fault) -> WorldFault {
        let mut names = fault.path.iter().map(|part| snake_case(part));
        let member = names.next().unwrap_or_default();
        let (key, path) = match self.0.form {
            Form::Single => (member.clone(), std::iter::once(member).chain(names).collect::<Vec<_>>().join(".")),
            Form::Series => (self.series_key(&member).to_owned(), self.series_key(&member).to_owned()),
        };
        let spot = self.0.keys.iter().find(|(standing, _)| *standing == key).map(|(_, spot)| *spot);
        let place = &self.0.place;
        let place = Place { spot: spot.unwrap_or(place.spot), path: format!("{}.{path}", place.path), ..place.clone() };
        place.fault(fault.code, fault.message.clone())
    }

    /// Key of a series that a member of its rows comes from.
    fn series_key<'a>(&'a self, member: &'a str) -> &'a str {
        let kinds = ["subjects", "businesses", "subject_counts"];
        let stands = |named: &str| self.0.keys.iter().any(|(key, _)| key == named);
        match member {
            "message_id" | "part" => "name",
            "purpose" => "purposes",
            "occurred_at" => ["until", "from"].into_iter().find(|end| stands(end)).unwrap_or(member),
            "end_user" => "end_users",
            "case_reference" => "case_reference_prefix",
            "subject" => kinds.into_iter().find(|kind| stands(kind)).unwrap_or(member),
            other => other,
        }
    }
}
