//! Members that were hardly meant as they are: unknown ones with nearly the name of a known one,
//! and a second parent. They are kept, as all unknown members are, and verify lists them.
//!
//! A name counts as misspelt when it is near a known one ([`nearest`]; in one letter, where that
//! one is short) and not made of it, when it holds what that one takes, and when that one is absent
//! or empty. So members that other programs add are not taken for mistakes.

use super::{DATA_PREFIX, Envelope};
use crate::error::nearest;
use crate::model::document::{Document, GivenParent, Problem};
use crate::model::json::{Object, Value};
use crate::model::schema::{Dimension, Schema};

/// Names up to this length are near others in one letter only: `date` and `data` are two words.
const SHORT_MAX: usize = 4;

/// What a known member takes.
type Takes = fn(&Value) -> bool;

/// The doubtful members of a document and of its dimensions.
pub(crate) fn doubtful_in_document(document: &Document, schema: &Schema) -> Vec<Problem> {
    // What the store makes itself where it is missing is there in any case.
    let known: [(&str, Takes, bool); 8] = [
        ("uuid", is_text, true),
        ("key", is_text, document.key.is_none()),
        ("title", is_text, document.title.as_text() == "\"\""),
        ("body", is_text, document.body.as_text() == "\"\""),
        ("dimensions", is_object, true),
        ("data", is_object, document.data.as_text() == "{}"),
        ("created_at", is_text, true),
        ("updated_at", is_text, true),
    ];
    let mut problems = misspelt(&document.others, "", &known);
    problems.extend(misplaced(document, schema));
    let own = |dimension: &Dimension| {
        let value = document.dimensions.get(dimension.member());
        value.is_none_or(|value| {
            value.as_str().is_some_and(|text| Some(text) == dimension.default_value.as_deref())
        })
    };
    let mut known: Vec<(&str, Takes, bool)> = Vec::new();
    for dimension in &schema.dimensions {
        known.push((dimension.member(), is_text, own(dimension)));
        if dimension.ref_field.is_some() {
            known.push((&dimension.name, is_text, own(dimension)));
        }
    }
    let declared = |name: &str| schema.dimension(name).is_some() || name.starts_with(DATA_PREFIX);
    let others = document.dimensions.iter().filter(|(name, _)| !declared(name));
    let others = others.map(|(name, value)| (name.clone(), value.clone())).collect();
    problems.extend(misspelt(&others, "dimensions.", &known));
    problems.extend(schema.hierarchy().into_iter().flat_map(|it| second_parents(document, it)));
    problems
}

/// Dimensions beside `dimensions`, where they count for nothing, but for a parent that can be read.
fn misplaced(document: &Document, schema: &Schema) -> Vec<Problem> {
    let names = |dimension: &Dimension| [dimension.member().to_owned(), dimension.name.clone()];
    let declared: Vec<String> = schema.dimensions.iter().flat_map(names).collect();
    let parents: Vec<String> = schema
        .hierarchy()
        .into_iter()
        .flat_map(|it| document.parents_by_hand(it).map(|given| given.field()).collect::<Vec<_>>())
        .collect();
    let is_misplaced = |name: &String| declared.contains(name) && !parents.contains(name);
    let misplaced = document.others.iter().filter(|(name, _)| is_misplaced(name));
    let problem = |(name, _): (&String, &Value)| Problem {
        kind: "misspelt",
        field: name.clone(),
        message: format!(
            "'{name}' counts for nothing here: if the dimension is meant, put it into \
             'dimensions', as a text"
        ),
    };
    misplaced.map(problem).collect()
}

/// The members that would give a parent if another one did not.
fn second_parents(document: &Document, hierarchy: &Dimension) -> Vec<Problem> {
    let Some(given) = document.given_parent(hierarchy) else { return Vec::new() };
    let others = document.parents_by_hand(hierarchy);
    let others = others.filter(|it| it.field() != given.field() && it.text() != given.text());
    let problem = |it: GivenParent<'_>| Problem {
        kind: "parent",
        field: it.field(),
        message: format!(
            "the parent is given by '{}', so '{}' does not count: take one of the two out",
            given.field(),
            it.field()
        ),
    };
    others.map(problem).collect()
}

/// The doubtful members around the documents, in the metadata and in the schema.
pub(crate) fn doubtful_in_envelope(envelope: &Envelope) -> Vec<Problem> {
    let mut problems = misspelt(&envelope.others, "", &[("metadata", is_object, true)]);
    let known: [(&str, Takes, bool); 5] = [
        ("version", is_text, true),
        ("created_at", is_text, true),
        ("updated_at", is_text, true),
        ("commit", is_number, true),
        ("schema", is_object, envelope.schema.is_none()),
    ];
    problems.extend(misspelt(&envelope.metadata, "metadata.", &known));
    for (place, members, known) in envelope.schema.iter().flat_map(|schema| Schema::levels(schema))
    {
        let known: Vec<(&str, Takes, bool)> =
            known.iter().map(|name| (*name, any as Takes, !members.contains_key(name))).collect();
        problems.extend(misspelt(members, &format!("metadata.schema.{place}"), &known));
    }
    problems
}

/// Those of `members` that are near a known one, which is given with what it takes and whether it
/// is absent or empty.
fn misspelt(members: &Object, place: &str, known: &[(&str, Takes, bool)]) -> Vec<Problem> {
    let is_known = |name: &str| known.iter().any(|(known, ..)| *known == name);
    let meant = |name: &str, value: &Value| {
        let missing = known.iter().filter(|(_, takes, is_missing)| *is_missing && takes(value));
        // A name that is made of a known one, as x_title is, is a name of its own.
        let missing = missing.map(|(known, ..)| *known).filter(|known| !name.contains(known));
        let missing = missing.filter(|known| known.len() > SHORT_MAX || differ_in_one(name, known));
        let missing: Vec<String> = missing.map(str::to_owned).collect();
        nearest(name, &missing).map(str::to_owned)
    };
    let unknown = members.iter().filter(|(name, _)| !is_known(name));
    let misspelt = unknown.filter_map(|(name, value)| {
        let meant = meant(name, value)?;
        Some(Problem {
            kind: "misspelt",
            field: format!("{place}{name}"),
            message: format!("there is no member '{name}', which is kept: did you mean '{meant}'?"),
        })
    });
    misspelt.collect()
}

/// Whether one letter put in, taken out or changed makes one name of the other, or two neighbours
/// that change places.
fn differ_in_one(one: &str, other: &str) -> bool {
    let is_alike = |(one, other): &(u8, u8)| one == other;
    let alike = one.bytes().zip(other.bytes()).take_while(is_alike).count();
    let rest = |text: &str| text.bytes().skip(alike).collect::<Vec<u8>>();
    match (rest(one).as_slice(), rest(other).as_slice()) {
        ([_, one @ ..], [_, other @ ..]) if one == other => true,
        ([_, one @ ..], other) | (other, [_, one @ ..]) if one == other => true,
        ([a, b, one @ ..], [c, d, other @ ..]) => one == other && (a, b) == (d, c),
        _ => false,
    }
}

fn any(_: &Value) -> bool {
    true
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::String(_))
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Number(_))
}

fn is_object(value: &Value) -> bool {
    matches!(value, Value::Object(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::json::parse;

    fn fields(problems: &[Problem]) -> Vec<(&str, &str)> {
        let meant = |problem: &'_ Problem| problem.message.rsplit('\'').nth(1).map(str::len);
        let message = |problem: &Problem| {
            let end = problem.message.len() - "'?".len();
            (end - meant(problem).unwrap_or_default(), end)
        };
        let read = problems.iter().map(|problem| {
            let (start, end) = message(problem);
            (problem.field.as_str(), &problem.message[start..end])
        });
        read.collect()
    }

    fn schema() -> Schema {
        let schema = r#"{"dimensions":[{"name":"status","type":"enumerated",
            "values":["pending","done"],"default_value":"pending"},
            {"name":"parent","type":"hierarchical"}]}"#;
        Schema::from_call(&parse(schema).unwrap()).unwrap()
    }

    fn in_document(text: &str) -> Vec<Problem> {
        let schema = schema();
        let mut without_uuid = Default::default();
        let time = crate::model::time::Time::MIN;
        let read = super::super::reading::read_document(text, &schema, time, &mut without_uuid);
        doubtful_in_document(&read.unwrap().0, &schema)
    }

    #[test]
    fn a_dimension_beside_the_dimensions_is_found_unless_it_gives_the_parent() {
        let found = |text: &str| {
            let problems = in_document(text);
            problems.iter().map(|problem| problem.field.clone()).collect::<Vec<_>>()
        };
        assert_eq!(found(r#"{"status":"done"}"#), ["status"]);
        assert_eq!(found(r#"{"parent":["1"]}"#), ["parent"]);
        assert!(found(r#"{"parent":"1"}"#).is_empty());
        assert!(found(r#"{"stars":5}"#).is_empty());
    }

    #[test]
    fn names_that_are_nearly_those_of_members_are_found() {
        for (text, expected) in [
            (r#"{"titel":"A"}"#, &[("titel", "title")][..]),
            (r#"{"Titl":"A"}"#, &[("Titl", "title")]),
            (r#"{"title":"","tilte":"A"}"#, &[("tilte", "title")]),
            (r#"{"title":"A","boddy":"b"}"#, &[("boddy", "body")]),
            (r#"{"dimensons":{"status":"done"}}"#, &[("dimensons", "dimensions")]),
            (r#"{"dimensions":{"statsu":"done"}}"#, &[("dimensions.statsu", "status")]),
            (r#"{"dimensions":{"perent":"1"}}"#, &[("dimensions.perent", "parent")]),
            (r#"{"dtaa":{"due":1}}"#, &[("dtaa", "data")]),
            (r#"{"uudi":"x","creatd_at":"y"}"#, &[("uudi", "uuid"), ("creatd_at", "created_at")]),
        ] {
            assert_eq!(fields(&in_document(text)), expected, "{text}");
        }
    }

    #[test]
    fn members_of_other_programs_are_no_mistakes() {
        for text in [
            r#"{"title":"A","titles":["A","B"],"title2":"B"}"#,
            r#"{"date":"2027-01-01","ref":"x","note":"y","tags":[],"node":{}}"#,
            r#"{"data":{"a":1},"date":{}}"#,
            r#"{"dimensions":{"status":"done","state":"x","colour":"red","_data.statsu":"x"}}"#,
            r#"{"titel":5,"keys":["a"],"x_title":"A"}"#,
            r#"{"id":"1","level":1,"numbers":{}}"#,
        ] {
            assert_eq!(in_document(text), [], "{text}");
        }
    }

    #[test]
    fn names_around_the_documents_are_found_at_every_level() {
        let schema = r#"{"dimensons":[],"dimensions":[{"name":"a","type":"enumerated","value":["x"],
            "prefix":{}}],"indexs":[],"numberin":"stable","storage":{}}"#;
        let mut envelope = Envelope::default();
        let metadata = format!(r#"{{"shema":{{}},"comit":3,"x":1,"schema":{schema}}}"#);
        envelope.read_metadata(&parse(&metadata).unwrap()).unwrap();
        for name in ["metadta", "metadata2", "documents_old"] {
            envelope.others.insert(name.to_owned(), Value::Array(Vec::new()));
        }
        envelope.others.insert("metdata".to_owned(), Value::Object(Object::default()));
        let problems = doubtful_in_envelope(&envelope);
        let expected = [
            ("metdata", "metadata"),
            ("metadata.comit", "commit"),
            ("metadata.schema.indexs", "indexes"),
            ("metadata.schema.numberin", "numbering"),
            ("metadata.schema.dimensions.0.value", "values"),
            ("metadata.schema.dimensions.0.prefix", "prefixes"),
        ];
        assert_eq!(fields(&problems), expected);
        envelope.schema = None;
        assert!(fields(&doubtful_in_envelope(&envelope)).contains(&("metadata.shema", "schema")));
    }
}
