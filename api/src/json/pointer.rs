//! Places within JSON (RFC 6901).

use serde_json::{Map, Value};

/// Bytes of a pointer.
const POINTER_BYTES_MAX: usize = 500;

/// Place of a value within an object: `/realm_access/roles`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

/// What stands above a place is no object, so that nothing can be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocked;

impl Pointer {
    /// Reads a pointer to a member; the whole object is none.
    pub fn parse(text: &str) -> Option<Self> {
        let segments = text.strip_prefix('/').filter(|_| text.len() <= POINTER_BYTES_MAX)?;
        segments.split('/').map(unescaped).collect::<Option<_>>().map(Self)
    }

    /// Pointer to a member of a member, each by its plain name.
    pub fn to<const N: usize>(names: [&str; N]) -> Self {
        Self(names.map(str::to_owned).to_vec())
    }

    /// Value at the place; none where nothing is, or null.
    ///
    /// # Errors
    /// When what stands above is of another sort than the pointer says: that is a misunderstanding, not an absence.
    pub fn find<'v>(&self, members: &'v Map<String, Value>) -> Result<Option<&'v Value>, Blocked> {
        let Some((first, others)) = self.0.split_first() else { return Ok(None) };
        let mut found = members.get(first);
        for name in others {
            found = match found {
                None | Some(Value::Null) => return Ok(None),
                Some(Value::Object(members)) => members.get(name),
                Some(Value::Array(items)) => items.get(name.parse::<usize>().map_err(|_| Blocked)?),
                Some(_) => return Err(Blocked),
            };
        }
        Ok(found.filter(|value| !value.is_null()))
    }
}

fn unescaped(segment: &str) -> Option<String> {
    let mut parts = segment.split('~');
    let mut name = parts.next()?.to_owned();
    for part in parts {
        let (escaped, rest) = part.split_at_checked(1)?;
        name.push(match escaped {
            "0" => '~',
            "1" => '/',
            _ => return None,
        });
        name.push_str(rest);
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(pointer: &str, value: &Value) -> Result<Option<Value>, Blocked> {
        let members = value.as_object().expect("object");
        Pointer::parse(pointer).expect("pointer").find(members).map(Option::<&Value>::cloned)
    }

    #[test]
    fn pointer_finds_what_stands_at_its_place() {
        let value = json!({ "a": { "b": [1, { "c": 2 }] }, "x/y": { "~": 3 }, "": 4, "n": null, "t": "text" });
        assert_eq!(found("/a/b/1/c", &value), Ok(Some(json!(2))));
        assert_eq!(found("/x~1y/~0", &value), Ok(Some(json!(3))));
        assert_eq!(found("/", &value), Ok(Some(json!(4))));
        for absent in ["/b", "/a/c", "/a/b/2", "/n", "/n/x", "/q/r/s"] {
            assert_eq!(found(absent, &value), Ok(None), "{absent}");
        }
        for blocked in ["/t/x", "/a/b/x", "/a/b/0/c", "/a/b/-1"] {
            assert_eq!(found(blocked, &value), Err(Blocked), "{blocked}");
        }
        assert_eq!(Pointer::parse("/act/org"), Some(Pointer::to(["act", "org"])));
    }

    #[test]
    fn what_is_no_pointer_to_a_member_is_refused() {
        for text in ["", "a", "a/b", "/~", "/~2", "/a~", "#/a", &format!("/{}", "x".repeat(500))] {
            assert_eq!(Pointer::parse(text), None, "{text:.20}");
        }
    }
}
