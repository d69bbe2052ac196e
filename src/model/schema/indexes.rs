//! The indexes that a schema declares.
//!
//! Only the form is checked here. What the names of fields mean is settled by `query::rule`, which
//! knows documents.

use serde::Deserialize;

use super::{NAME_BYTES_MAX, keep};
use crate::error::{Error, ErrorKind, Result};
use crate::model::json::{Raw, Value, from_value};

/// Indexes in one schema at most.
const INDEXES_MAX: usize = 64;
/// Fields of one index at most.
const FIELDS_MAX: usize = 16;
/// The index of the keys of documents, which every collection has.
pub(crate) const KEY_INDEX: &str = "key";
pub(super) const MEMBERS: [&str; 8] =
    ["name", "fields", "unique", "multi", "missing", "where", "include", "reduce"];

/// A declared index.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IndexDeclaration {
    pub(crate) name: String,
    pub(crate) fields: Vec<IndexField>,
    /// Whether two documents may not have one key.
    pub(crate) unique: bool,
    /// Whether an array in the first field gives an entry for each of its elements.
    pub(crate) multi: bool,
    /// Whether documents that lack a field have entries.
    pub(crate) missing: bool,
    /// Which documents have entries.
    pub(crate) filter: Option<Value>,
    /// The fields that a listing by this index gives.
    pub(crate) include: Option<Vec<String>>,
    pub(crate) reduce: Option<Reduce>,
}

/// One field of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexField {
    pub(crate) name: String,
    pub(crate) is_descending: bool,
    /// Which code points of its text count, from the first up to the one before the second.
    pub(crate) slice: Option<(usize, usize)>,
}

/// What the entries of a group come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reduce {
    pub(crate) kind: ReduceKind,
    /// The field whose numbers count; none where entries are counted.
    pub(crate) field: Option<String>,
}

/// How the entries of a group are reduced to one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReduceKind {
    Count,
    Sum,
    Min,
    Max,
    /// Count, sum, least and greatest.
    Stats,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IndexText {
    name: String,
    fields: Vec<Raw>,
    #[serde(default)]
    unique: bool,
    #[serde(default)]
    multi: bool,
    #[serde(default)]
    missing: bool,
    #[serde(rename = "where")]
    filter: Option<Raw>,
    include: Option<Vec<String>>,
    reduce: Option<Raw>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldText {
    field: String,
    slice: Option<(usize, usize)>,
}

/// Reads the member `indexes` of a schema.
pub(super) fn read(value: &Value) -> Result<Vec<IndexDeclaration>> {
    let Value::Array(values) = value else {
        let message = format!("indexes takes an array, not {}", value.type_name());
        return Err(Error::invalid(message));
    };
    if values.len() > INDEXES_MAX {
        let message = format!("a schema has at most {INDEXES_MAX} indexes, not {}", values.len());
        return Err(Error::new(ErrorKind::Limit, message));
    }
    let mut indexes: Vec<IndexDeclaration> = Vec::new();
    for (place, value) in values.iter().enumerate() {
        let index = declaration(value).map_err(|error| error.within(&place.to_string()))?;
        if indexes.iter().any(|other| other.name == index.name) {
            let message = format!("two indexes are called '{}'", index.name);
            return Err(Error::invalid(message).field(format!("{place}.name")));
        }
        indexes.push(index);
    }
    Ok(indexes)
}

/// Takes out what this version does not know.
pub(super) fn keep_known(value: &mut Value) {
    let Value::Array(indexes) = value else { return };
    for index in indexes {
        if let Value::Object(members) = index {
            *members = keep(members, &MEMBERS);
        }
    }
}

fn declaration(value: &Value) -> Result<IndexDeclaration> {
    let text: IndexText = from_value(value)?;
    check_name(&text.name)?;
    if text.fields.is_empty() || text.fields.len() > FIELDS_MAX {
        let message = format!("an index has 1 to {FIELDS_MAX} fields, not {}", text.fields.len());
        return Err(Error::invalid(message).field("fields"));
    }
    let fields = text.fields.iter().enumerate().map(|(place, Raw(value))| {
        field(value).map_err(|error| error.within(&format!("fields.{place}")))
    });
    let fields = fields.collect::<Result<_>>()?;
    let filter = text.filter.map(|Raw(filter)| filter);
    if let Some(other) = filter.as_ref().filter(|filter| filter.as_object().is_none()) {
        let message = format!("where takes an object of conditions, not {}", other.type_name());
        return Err(Error::invalid(message).field("where"));
    }
    if text.include.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::invalid("include takes at least one name, not none")
            .field("include")
            .hint("leave include out to get whole documents"));
    }
    let reduce = text.reduce.map(|Raw(value)| reduce(&value)).transpose();
    Ok(IndexDeclaration {
        name: text.name,
        fields,
        unique: text.unique,
        multi: text.multi,
        missing: text.missing,
        filter,
        include: text.include,
        reduce: reduce.map_err(|error| error.within("reduce"))?,
    })
}

fn check_name(name: &str) -> Result<()> {
    let reason = if name.is_empty() {
        "is empty"
    } else if name.len() > NAME_BYTES_MAX {
        "is too long"
    } else if name == KEY_INDEX {
        "is that of the index of keys, which is always there"
    } else if name.starts_with(['_', '$', '-']) {
        "begins with '_', '$' or '-'"
    } else if name.contains(['.', '/', '\\']) || name.chars().any(char::is_control) {
        "holds one of . / \\ or a control character"
    } else {
        return Ok(());
    };
    let shown: String = name.chars().take(80).collect();
    Err(Error::invalid(format!("the name '{shown}' of an index {reason}")).field("name"))
}

/// A field is its name, behind a '-' where its greatest value comes first; or an object that also
/// says which slice of its text counts.
fn field(value: &Value) -> Result<IndexField> {
    let text = match value {
        Value::String(name) => FieldText { field: name.clone(), slice: None },
        Value::Object(_) => from_value(value)?,
        _ => {
            let message = format!("a field is a name or an object, not {}", value.type_name());
            return Err(Error::invalid(message));
        }
    };
    if let Some((start, end)) = text.slice.filter(|(start, end)| start >= end) {
        let message = format!("a slice ends behind its start, not at {end} from {start}");
        return Err(Error::invalid(message).field("slice"));
    }
    let (is_descending, name) = match text.field.strip_prefix('-') {
        Some(name) => (true, name.to_owned()),
        None => (false, text.field),
    };
    Ok(IndexField { name, is_descending, slice: text.slice })
}

/// `"count"`, or an object of one member: the kind, and the field whose numbers count.
fn reduce(value: &Value) -> Result<Reduce> {
    let expected = r#""count", or one of sum, min, max, stats with a field: {"sum":"data.price"}"#;
    let wrong = || Error::invalid(format!("reduce takes {expected}")).expected(expected);
    match value {
        Value::String(name) if name == "count" => {
            Ok(Reduce { kind: ReduceKind::Count, field: None })
        }
        Value::Object(object) if object.len() == 1 => {
            let (name, field) = object.iter().next().ok_or_else(wrong)?;
            let kind = match name.as_str() {
                "sum" => ReduceKind::Sum,
                "min" => ReduceKind::Min,
                "max" => ReduceKind::Max,
                "stats" => ReduceKind::Stats,
                _ => return Err(wrong()),
            };
            let field = field.as_str().ok_or_else(wrong)?;
            Ok(Reduce { kind, field: Some(field.to_owned()) })
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::parse;

    fn read_text(text: &str) -> Result<Vec<IndexDeclaration>> {
        read(&parse(text).unwrap())
    }

    #[test]
    fn every_member_is_read() {
        let indexes = read_text(
            r#"[{"name":"a","fields":["-rev",{"field":"created_at","slice":[0,10]}],"unique":true,
                "multi":true,"missing":true,"where":{"title":"x"},"include":["title"],
                "reduce":{"sum":"data.n"}},{"name":"b","fields":["title"],"reduce":"count"}]"#,
        );
        let indexes = indexes.unwrap();
        let field = |name: &str, is_descending, slice| IndexField {
            name: name.to_owned(),
            is_descending,
            slice,
        };
        let first = &indexes[0];
        assert_eq!(first.fields[0], field("rev", true, None));
        assert_eq!(first.fields[1], field("created_at", false, Some((0, 10))));
        assert!(first.unique && first.multi && first.missing && first.filter.is_some());
        let sum = Reduce { kind: ReduceKind::Sum, field: Some("data.n".to_owned()) };
        assert_eq!(first.reduce, Some(sum));
        assert_eq!(indexes[1].reduce, Some(Reduce { kind: ReduceKind::Count, field: None }));
    }

    #[test]
    fn mistakes_name_the_member() {
        for (text, field) in [
            (r#"[1]"#, "0"),
            (r#"[{"fields":["a"]}]"#, "0.name"),
            (r#"[{"name":"a"}]"#, "0.fields"),
            (r#"[{"name":"a","fields":[]}]"#, "0.fields"),
            (r#"[{"name":"a","fields":[1]}]"#, "0.fields.0"),
            (r#"[{"name":"a","fields":[{"field":"b","slice":[2,2]}]}]"#, "0.fields.0.slice"),
            (r#"[{"name":"a","fields":["b"],"uniqe":true}]"#, "0.uniqe"),
            (r#"[{"name":"a","fields":["b"],"where":[]}]"#, "0.where"),
            (r#"[{"name":"a","fields":["b"],"include":[]}]"#, "0.include"),
            (r#"[{"name":"a","fields":["b"],"reduce":"sum"}]"#, "0.reduce"),
            (r#"[{"name":"a","fields":["b"],"reduce":{"mean":"b"}}]"#, "0.reduce"),
            (r#"[{"name":"key","fields":["b"]}]"#, "0.name"),
            (r#"[{"name":"a.b","fields":["b"]}]"#, "0.name"),
            (r#"[{"name":"a","fields":["b"]},{"name":"a","fields":["c"]}]"#, "1.name"),
        ] {
            let error = read_text(text).unwrap_err();
            assert_eq!(
                (error.kind(), error.field_path()),
                (ErrorKind::Invalid, Some(field)),
                "{text}"
            );
        }
        let many = format!("[{}]", vec![r#"{"name":"a","fields":["b"]}"#; 65].join(","));
        assert_eq!(read_text(&many).unwrap_err().kind(), ErrorKind::Limit);
    }
}
