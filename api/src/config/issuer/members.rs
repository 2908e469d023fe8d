//! Members of a configured object, taken one by one; every fault names its item and member.

use serde_json::{Map, Value};

/// Object that is read.
pub(super) struct Members {
    place: String,
    members: Map<String, Value>,
}

impl Members {
    pub(super) fn of(place: String, value: Value) -> Result<Self, String> {
        match value {
            Value::Object(members) => Ok(Self { place, members }),
            _ => Err(format!("{place} is no object")),
        }
    }

    /// Fault of a member.
    pub(super) fn fault(&self, member: &str, why: &str) -> String {
        format!("{}: `{member}` {why}", self.place)
    }

    pub(super) fn text(&mut self, member: &str) -> Result<Option<String>, String> {
        match self.members.remove(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.fault(member, "is no text")),
        }
    }

    pub(super) fn needed_text(&mut self, member: &str) -> Result<String, String> {
        self.text(member)?.ok_or_else(|| self.fault(member, "is missing"))
    }

    /// One text, or a list of them.
    pub(super) fn texts(&mut self, member: &str) -> Result<Option<Vec<String>>, String> {
        let items = match self.members.remove(member) {
            None => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(item) => vec![item],
        };
        let texts = items.into_iter().map(|item| match item {
            Value::String(text) => Some(text),
            _ => None,
        });
        texts
            .collect::<Option<_>>()
            .map(Some)
            .ok_or_else(|| self.fault(member, "is neither a text nor a list of texts"))
    }

    /// Object within this one.
    pub(super) fn object(&mut self, member: &str) -> Result<Option<Self>, String> {
        let Some(value) = self.members.remove(member) else { return Ok(None) };
        Self::of(format!("{}: `{member}`", self.place), value).map(Some)
    }

    /// Names and what each means.
    pub(super) fn meanings<T>(
        &mut self,
        member: &str,
        meaning: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Result<Option<Vec<(String, T)>>, String> {
        let Some(mut object) = self.object(member)? else { return Ok(None) };
        let members = std::mem::take(&mut object.members);
        if members.is_empty() {
            return Err(self.fault(member, "says nothing"));
        }
        let read = |(name, value): (String, Value)| {
            let meaning = meaning(value.as_str().unwrap_or_default()).map_err(|why| object.fault(&name, why))?;
            Ok((name, meaning))
        };
        members.into_iter().map(read).collect::<Result<_, _>>().map(Some)
    }

    /// Refuses what was not taken.
    pub(super) fn end(self) -> Result<(), String> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(member) => Err(self.fault(&member.escape_debug().to_string(), "is not known")),
        }
    }
}
