//! The JSON form of a query, as callers pass it.
//!
//! Only the form is checked here; what names mean is settled by `Selection`, which knows the
//! schema. A member that is null counts as absent, so that the `next` of a first page can be
//! handed back as it is.

use crate::error::{Error, ErrorKind, Result};
use crate::model::json::{Object, Value, parse_object};
use crate::query::mistake::{unknown, wrong_type};

const MEMBERS: [&str; 16] = [
    "where", "search", "order_by", "limit", "offset", "after", "fields", "view", "index", "key",
    "range", "prefix", "desc", "group", "total", "hits",
];
/// Members of the full query shape whose time is still to come.
const MEMBERS_OF_LATER_VERSIONS: [&str; 1] = ["expand"];
const VIEWS: [&str; 2] = ["all", "canonical"];
const NAMES_MAX: usize = 1_000;

/// Which documents a query starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// All documents.
    All,
    /// Those of the canonical view.
    Canonical,
}

/// A query as it was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Query {
    /// The member `where`.
    pub(crate) filter: Option<Value>,
    pub(crate) search: Option<String>,
    pub(crate) order_by: Vec<String>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
    /// The token of the page before.
    pub(crate) after: Option<String>,
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) view: Option<View>,
    pub(crate) index: Option<String>,
    pub(crate) key: Option<Value>,
    pub(crate) range: Option<Object>,
    /// The beginning of a text in the next part of the key.
    pub(crate) prefix: Option<String>,
    pub(crate) desc: bool,
    /// How many parts of the key make a group.
    pub(crate) group: Option<usize>,
    /// Whether the page tells how many documents there are on all pages.
    pub(crate) total: bool,
    /// Whether documents tell where the search was found in them.
    pub(crate) hits: bool,
}

impl Query {
    /// Reads a query; none is the empty one.
    ///
    /// # Errors
    /// INVALID naming the member, UNSUPPORTED for members of later versions, LIMIT.
    pub(crate) fn parse(text: Option<&str>) -> Result<Query> {
        let Some(text) = text else { return Ok(Query::default()) };
        let members = parse_object(text).map_err(|error| error.in_argument("query"));
        members.and_then(Query::read)
    }

    fn read(members: Object) -> Result<Query> {
        let mut query = Query::default();
        for (name, value) in members {
            query.read_member(&name, value).map_err(|error| match error.field_path() {
                Some(_) => error,
                None => error.field(name.as_str()),
            })?;
        }
        Ok(query)
    }

    fn read_member(&mut self, name: &str, value: Value) -> Result<()> {
        if MEMBERS_OF_LATER_VERSIONS.contains(&name) {
            let message = format!("this version does not know '{name}' in a query yet");
            return Err(Error::new(ErrorKind::Unsupported, message)
                .expected(format!("one of {}", MEMBERS.join(", ")))
                .actual(name));
        }
        if !MEMBERS.contains(&name) {
            let known = MEMBERS.iter().map(|&member| member.to_owned()).collect();
            return Err(unknown("query member", name, known).named("UNKNOWN_MEMBER"));
        }
        if value == Value::Null {
            return Ok(());
        }
        match name {
            "where" => match value {
                Value::Object(_) => self.filter = Some(value),
                _ => return Err(wrong_type(name, "an object of conditions", &value)),
            },
            "search" => self.search = Some(text(name, value)?).filter(|text| !text.is_empty()),
            "order_by" => self.order_by = list_of_names(name, value)?,
            "limit" => self.limit = Some(count(name, &value)?),
            "offset" => self.offset = count(name, &value)?,
            "after" => self.after = Some(text(name, value)?),
            "fields" => self.fields = Some(fields(name, value)?),
            "view" => self.view = Some(view(name, &value)?),
            "index" => self.index = Some(text(name, value)?),
            "key" => self.key = Some(value),
            "range" => match value {
                Value::Object(bounds) => self.range = Some(bounds),
                _ => return Err(wrong_type(name, "an object of gt, gte, lt, lte", &value)),
            },
            "prefix" => self.prefix = Some(text(name, value)?),
            "desc" => self.desc = flag(name, &value)?,
            "group" => self.group = Some(group(name, &value)?),
            "total" => self.total = flag(name, &value)?,
            _ => self.hits = flag(name, &value)?,
        }
        Ok(())
    }
}

fn text(name: &str, value: Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(wrong_type(name, "text", &other)),
    }
}

fn count(name: &str, value: &Value) -> Result<u64> {
    let expected = "a whole number from 0";
    let Value::Number(number) = value else { return Err(wrong_type(name, expected, value)) };
    number.as_u64().ok_or_else(|| {
        Error::invalid(format!("{name} takes {expected} to {}, not another number", u64::MAX))
            .named("NUMBER_OUTSIDE_RANGE")
            .expected(expected)
            .actual("another number")
    })
}

fn flag(name: &str, value: &Value) -> Result<bool> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        _ => Err(wrong_type(name, "true or false", value)),
    }
}

/// `true` is the whole key.
fn group(name: &str, value: &Value) -> Result<usize> {
    match value {
        Value::Bool(true) => Ok(usize::MAX),
        Value::Number(_) => Ok(usize::try_from(count(name, value)?).unwrap_or(usize::MAX)),
        _ => Err(wrong_type(name, "true, or a number of parts of the key", value)),
    }
}

fn list_of_names(name: &str, value: Value) -> Result<Vec<String>> {
    let Value::Array(values) = value else {
        return Err(wrong_type(name, "an array of field names", &value));
    };
    if values.len() > NAMES_MAX {
        let message = format!("{name} takes at most {NAMES_MAX} names, not {}", values.len());
        return Err(Error::new(ErrorKind::Limit, message)
            .expected(format!("at most {NAMES_MAX} names"))
            .actual(format!("{} names", values.len())));
    }
    let names = values.into_iter().enumerate().map(|(index, value)| {
        let place = || format!("{name}.{index}");
        match value {
            Value::String(text) => Ok(text),
            other => Err(wrong_type(&place(), "text", &other).field(place())),
        }
    });
    names.collect()
}

fn fields(name: &str, value: Value) -> Result<Vec<String>> {
    let fields = list_of_names(name, value)?;
    if fields.is_empty() {
        return Err(Error::invalid("fields takes at least one name, not none")
            .expected("at least one field name")
            .actual("an empty array")
            .hint("leave fields out to get whole documents"));
    }
    Ok(fields)
}

fn view(name: &str, value: &Value) -> Result<View> {
    match value.as_str() {
        Some("all") => Ok(View::All),
        Some("canonical") => Ok(View::Canonical),
        Some(other) => {
            let known = VIEWS.iter().map(|&view| view.to_owned()).collect();
            Err(unknown("view", other, known))
        }
        None => Err(wrong_type(name, r#""all" or "canonical""#, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_nulls_are_the_empty_query() {
        assert_eq!(Query::parse(None).unwrap(), Query::default());
        assert_eq!(Query::parse(Some("{}")).unwrap(), Query::default());
        let nulls = MEMBERS.map(|name| format!("\"{name}\":null")).join(",");
        assert_eq!(Query::parse(Some(&format!("{{{nulls}}}"))).unwrap(), Query::default());
    }

    #[test]
    fn every_member_is_read() {
        let text = r#"{"where":{"a":1},"search":"x","order_by":["-rev","title"],"limit":5.0,
            "offset":2,"after":"t","fields":["id"],"view":"canonical","index":"i","key":[1],
            "range":{"gt":2},"prefix":"p","desc":true,"group":2,"total":true,"hits":true}"#;
        let query = Query::parse(Some(text)).unwrap();
        assert_eq!(query.filter.unwrap().to_text(), r#"{"a":1}"#);
        assert_eq!(query.search.as_deref(), Some("x"));
        assert_eq!(query.order_by, ["-rev", "title"]);
        assert_eq!((query.limit, query.offset), (Some(5), 2));
        assert_eq!(query.after.as_deref(), Some("t"));
        assert_eq!(query.fields.unwrap(), ["id"]);
        assert_eq!(query.view, Some(View::Canonical));
        assert_eq!((query.index.as_deref(), query.prefix.as_deref()), (Some("i"), Some("p")));
        assert_eq!(query.key.unwrap().to_text(), "[1]");
        assert_eq!(query.range.unwrap().len(), 1);
        assert_eq!((query.group, query.desc, query.total, query.hits), (Some(2), true, true, true));
    }

    #[test]
    fn mistakes_name_the_member() {
        for (text, kind, field) in [
            (r#"{"wher":{}}"#, ErrorKind::Invalid, "wher"),
            (r#"{"where":[]}"#, ErrorKind::Invalid, "where"),
            (r#"{"search":1}"#, ErrorKind::Invalid, "search"),
            (r#"{"order_by":"title"}"#, ErrorKind::Invalid, "order_by"),
            (r#"{"order_by":["title",1]}"#, ErrorKind::Invalid, "order_by.1"),
            (r#"{"limit":-1}"#, ErrorKind::Invalid, "limit"),
            (r#"{"limit":1.5}"#, ErrorKind::Invalid, "limit"),
            (r#"{"limit":"5"}"#, ErrorKind::Invalid, "limit"),
            (r#"{"offset":18446744073709551616}"#, ErrorKind::Invalid, "offset"),
            (r#"{"after":1}"#, ErrorKind::Invalid, "after"),
            (r#"{"fields":[]}"#, ErrorKind::Invalid, "fields"),
            (r#"{"view":"al"}"#, ErrorKind::Invalid, "view"),
            (r#"{"view":true}"#, ErrorKind::Invalid, "view"),
            (r#"{"index":1}"#, ErrorKind::Invalid, "index"),
            (r#"{"range":[]}"#, ErrorKind::Invalid, "range"),
            (r#"{"prefix":1}"#, ErrorKind::Invalid, "prefix"),
            (r#"{"desc":1}"#, ErrorKind::Invalid, "desc"),
            (r#"{"group":false}"#, ErrorKind::Invalid, "group"),
            (r#"{"total":"yes"}"#, ErrorKind::Invalid, "total"),
            (r#"{"hits":0}"#, ErrorKind::Invalid, "hits"),
            (r#"{"expand":[]}"#, ErrorKind::Unsupported, "expand"),
        ] {
            let error = Query::parse(Some(text)).unwrap_err();
            assert_eq!((error.kind(), error.field_path()), (kind, Some(field)), "{text}");
            assert!(error.to_json().contains("\"expected\""), "{text}");
        }
    }

    #[test]
    fn a_query_that_is_no_object_is_refused() {
        for text in ["", "[]", "null", "{"] {
            assert_eq!(Query::parse(Some(text)).unwrap_err().kind(), ErrorKind::Invalid, "{text}");
        }
    }
}
