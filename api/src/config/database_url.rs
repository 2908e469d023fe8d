//! Where the database is: a text that may hold a password and therefore cannot be shown whole.

use std::{fmt, path::Path};

/// Parameters that hold no secret; the values of all others are masked.
const PLAIN_PARAMETERS: [&str; 7] =
    ["mode", "sslmode", "sslrootcert", "application_name", "host", "port", "target_session_attrs"];

/// What `target_session_attrs` may say of a database that is written to; the gateway looks for it whatever it says.
const WRITING: [&str; 3] = ["any", "read-write", "primary"];

/// Hosts one address may name; each is asked whenever the primary is looked for.
const HOSTS_MAX: usize = 8;

/// Address of a database. Shows itself without the password; [`DatabaseUrl::expose`] is for the driver alone.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Reads the address of either engine.
    ///
    /// # Errors
    /// Says what is wrong, without the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let embedded = text.strip_prefix("sqlite://").is_some_and(|path| !path.is_empty() && !path.starts_with(':'));
        if embedded {
            return Ok(Self(text.to_owned()));
        }
        if !is_postgres(text) {
            return Err("is neither an SQLite file nor a PostgreSQL database".to_owned());
        }
        match hosts(text)?.session {
            Some(session) if !WRITING.contains(&session.as_str()) => {
                Err("has a target_session_attrs other than read-write, primary or any".to_owned())
            }
            _ => Ok(Self(text.to_owned())),
        }
    }

    pub(super) fn parse_replica(text: &str) -> Result<Self, String> {
        if !is_postgres(text) {
            return Err("is not a PostgreSQL database".to_owned());
        }
        hosts(text).map(|_| Self(text.to_owned()))
    }

    /// Addresses of one host each, in the order given, as the driver knows them; only the address itself for the embedded
    /// engine.
    pub fn hosts(&self) -> Vec<Self> {
        match hosts(&self.0) {
            Ok(hosts) if !self.is_sqlite() => hosts.addresses.into_iter().map(Self).collect(),
            _ => vec![self.clone()],
        }
    }

    /// Whole text, password included.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// File of the embedded engine; none for PostgreSQL.
    pub fn file(&self) -> Option<&Path> {
        let rest = self.0.strip_prefix("sqlite://")?;
        Some(Path::new(rest.split('?').next().unwrap_or(rest)))
    }

    /// Whether it is the embedded engine.
    pub fn is_sqlite(&self) -> bool {
        self.0.starts_with("sqlite:")
    }
}

fn is_postgres(text: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}

/// What an address of PostgreSQL names.
struct Hosts {
    addresses: Vec<String>,
    session: Option<String>,
}

/// Reads hosts as libpq does: `h1:p1,h2:p2` in the address, or the lists `host=h1,h2` and `port=p1,p2` after it, where one
/// port is for all. What the driver does not know is taken out.
fn hosts(text: &str) -> Result<Hosts, String> {
    let (address, query) = text.split_once('?').unwrap_or((text, ""));
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let (user, rest) = rest.rsplit_once('@').map_or((String::new(), rest), |(user, rest)| (format!("{user}@"), rest));
    let (authority, database) = rest.split_once('/').map_or((rest, String::new()), |(a, d)| (a, format!("/{d}")));
    let (mut named, mut ports, mut session, mut others) = (None, None, None, Vec::new());
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=') {
            Some(("host", value)) if value.contains(',') => named = Some(value),
            Some(("port", value)) if value.contains(',') || named.is_some() => ports = Some(value),
            Some(("target_session_attrs", value)) => session = Some(value.to_owned()),
            _ => others.push(parameter),
        }
    }
    let query = if others.is_empty() { String::new() } else { format!("?{}", others.join("&")) };
    let given: Vec<String> = match named {
        None => authority.split(',').map(str::to_owned).collect(),
        Some(named) => {
            let hosts: Vec<&str> = named.split(',').collect();
            let ports: Vec<&str> = ports.map(|ports| ports.split(',').collect()).unwrap_or_default();
            if ports.len() > 1 && ports.len() != hosts.len() {
                return Err("names another number of ports than of hosts".to_owned());
            }
            let port = |at: usize| ports.get(at).or(ports.first()).map_or_else(String::new, |port| format!(":{port}"));
            // A directory of a Unix socket stands in an address only in its escaped form.
            hosts.iter().enumerate().map(|(at, name)| name.replace('/', "%2F") + &port(at)).collect()
        }
    };
    if given.len() > 1 && given.iter().any(|host| host.is_empty() || host.starts_with(':')) {
        return Err("names a host without a name".to_owned());
    }
    if given.len() > HOSTS_MAX {
        return Err(format!("names more than {HOSTS_MAX} hosts"));
    }
    let whole = |host: &String| format!("{scheme}://{user}{host}{database}{query}");
    Ok(Hosts { addresses: given.iter().map(whole).collect(), session })
}

/// Text with passwords masked, whatever its form.
pub(super) fn masked(text: &str) -> String {
    let text = match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://***@{host}"),
        _ => text.to_owned(),
    };
    let (address, parameters) = text.split_once('?').unwrap_or((&text, ""));
    let mut shown = address.to_owned();
    for (index, parameter) in parameters.split('&').filter(|parameter| !parameter.is_empty()).enumerate() {
        let name = parameter.split('=').next().unwrap_or_default();
        shown.push(if index == 0 { '?' } else { '&' });
        if PLAIN_PARAMETERS.contains(&name) {
            shown.push_str(parameter);
        } else {
            shown.push_str("***");
        }
    }
    shown
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_engines_are_taken() {
        for text in ["sqlite://data/x.db", "sqlite:///abs/x.db?mode=rw", "postgres://h/d", "postgresql://u:p@h:1/d"] {
            assert!(DatabaseUrl::parse(text).is_ok(), "{text}");
        }
        for text in ["", "sqlite:", "sqlite://", "sqlite::memory:", "sqlite://:memory:", "mysql://h/d", "postgres://"] {
            assert!(DatabaseUrl::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn user_and_password_are_masked_even_when_the_password_is_written_badly() {
        for text in [
            "postgres://u:secret@h/d",
            "postgres://u:se/cret@h/d",
            "postgres://u:a@secret@h/d",
            "postgres://h/d?password=secret",
        ] {
            let shown = masked(text);
            assert!(!shown.contains("secret") && !shown.contains("cret@") && shown.contains("h/d"), "{shown}");
        }
        assert_eq!(masked("postgres://h/d?sslmode=require&sslpassword=x"), "postgres://h/d?sslmode=require&***");
        assert_eq!(masked("postgres://u:pass?word@h/d"), "postgres://***@h/d");
        assert_eq!(masked("sqlite://data/x.db"), "sqlite://data/x.db");
    }

    fn named(text: &str) -> Vec<String> {
        DatabaseUrl::parse(text).expect(text).hosts().into_iter().map(|host| host.0).collect()
    }

    #[test]
    fn several_hosts_are_addresses_of_their_own() {
        let both = ["postgres://u:p@a:1/d?sslmode=require", "postgres://u:p@b:2/d?sslmode=require"];
        assert_eq!(named("postgres://u:p@a:1,b:2/d?sslmode=require&target_session_attrs=read-write"), both);
        assert_eq!(named("postgres://u:p@/d?host=a,b&port=1,2&sslmode=require"), both);
        assert_eq!(named("postgres://u:p@/d?host=a,b&port=5"), ["postgres://u:p@a:5/d", "postgres://u:p@b:5/d"]);
        assert_eq!(named("postgres://[::1]:1,[::2]/d"), ["postgres://[::1]:1/d", "postgres://[::2]/d"]);
        assert_eq!(named("postgres:///d?host=/run/a,/run/b"), ["postgres://%2Frun%2Fa/d", "postgres://%2Frun%2Fb/d"]);
        // One host stays as the driver has always read it.
        for text in
            ["postgres://h/d", "postgres:///d?host=/run/postgresql&port=5433", "postgres://u@h,x@h/d", "sqlite://a,b"]
        {
            assert_eq!(named(text), [text], "{text}");
        }
    }

    #[test]
    fn addresses_that_lead_nowhere_are_refused_without_their_password() {
        let many = format!("postgres://u:secret@{}/d", ["h"; HOSTS_MAX + 1].join(","));
        for text in [
            "postgres://u:secret@a,/d",
            "postgres://u:secret@,a/d",
            "postgres://u:secret@/d?host=a,b&port=1,2,3",
            "postgres://u:secret@a,b/d?target_session_attrs=standby",
            &many,
        ] {
            let fault = DatabaseUrl::parse(text).expect_err(text);
            assert!(!fault.contains("secret"), "{fault}");
        }
        let shown = masked("postgres://u:secret@a:1,b:2/d?target_session_attrs=read-write");
        assert_eq!(shown, "postgres://***@a:1,b:2/d?target_session_attrs=read-write");
    }
}
