//! Any query on sixty documents: an error, or an answer that agrees with others.

#![no_main]

use std::sync::OnceLock;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use nanostore::Store;
use nanostore_fuzz::{assert_typed, documents, parsed, sixty_documents, text};
use serde_json::{Map, Value, json};

const FIELDS: &[&str] = &[
    "status",
    "priority",
    "parent_id",
    "parent",
    "title",
    "body",
    "key",
    "uuid",
    "rev",
    "id",
    "created_at",
    "updated_at",
    "data.n",
    "data.half",
    "data.tags",
    "data.deep.x",
    "data.none",
    "",
];
const OPERATORS: &[&str] = &[
    "$eq",
    "$ne",
    "$gt",
    "$gte",
    "$lt",
    "$lte",
    "$in",
    "$nin",
    "$exists",
    "$like",
    "$ilike",
    "$contains",
    "$prefix",
    "$not",
    "$regex",
    "$all",
    "$size",
    "$type",
];

fn one_of<'a>(input: &mut Unstructured, all: &[&'a str]) -> arbitrary::Result<&'a str> {
    input.choose(all).copied()
}

fn scalar(input: &mut Unstructured) -> arbitrary::Result<Value> {
    Ok(match input.int_in_range(0..=7)? {
        0 => Value::Null,
        1 => json!(bool::arbitrary(input)?),
        2 => json!(i8::arbitrary(input)?),
        3 => json!(f64::from(i8::arbitrary(input)?) / 2.0),
        4 => json!(one_of(input, &["pending", "active", "done", "low", "high", "u", "t1", ""])?),
        5 => json!(one_of(input, &["Title 1", "title 1%", "%1%", "k3", "2026-01-01T00:00:05Z"])?),
        6 => json!(one_of(input, &["1", "1.1", "h1", "d1", "a1", "key:k1"])?),
        _ => json!(String::arbitrary(input)?),
    })
}

fn condition(input: &mut Unstructured, depth: u32) -> arbitrary::Result<Value> {
    let mut condition = Map::new();
    for _ in 0..input.int_in_range(0..=2)? {
        let (name, value) = match input.int_in_range(0..=5)? {
            0 if depth > 0 => {
                let name = one_of(input, &["$and", "$or", "$nor"])?;
                let mut parts = Vec::new();
                for _ in 0..input.int_in_range(0..=3)? {
                    parts.push(self::condition(input, depth - 1)?);
                }
                (name, Value::Array(parts))
            }
            1 if depth > 0 => ("$not", self::condition(input, depth - 1)?),
            2 => (one_of(input, FIELDS)?, scalar(input)?),
            3 => (one_of(input, FIELDS)?, json!([scalar(input)?, scalar(input)?])),
            _ => {
                let operator = one_of(input, OPERATORS)?;
                let value = match operator {
                    "$in" | "$nin" | "$all" => json!([scalar(input)?, scalar(input)?]),
                    "$exists" => json!(bool::arbitrary(input)?),
                    _ => scalar(input)?,
                };
                (one_of(input, FIELDS)?, json!({ operator: value }))
            }
        };
        condition.insert(name.to_owned(), value);
    }
    Ok(Value::Object(condition))
}

fn query(input: &mut Unstructured) -> arbitrary::Result<Value> {
    let mut query = Map::new();
    if bool::arbitrary(input)? {
        query.insert("where".to_owned(), condition(input, 3)?);
    }
    if input.ratio(1, 3)? {
        query.insert("view".to_owned(), json!(one_of(input, &["all", "canonical"])?));
    }
    if input.ratio(1, 3)? {
        let descending = if bool::arbitrary(input)? { "-" } else { "" };
        let field = one_of(input, FIELDS)?;
        query.insert("order_by".to_owned(), json!([format!("{descending}{field}")]));
    }
    if input.ratio(1, 6)? {
        query.insert("search".to_owned(), scalar(input)?);
    }
    if input.ratio(1, 6)? {
        query.insert("fields".to_owned(), json!([one_of(input, FIELDS)?, "uuid"]));
    }
    if input.ratio(1, 8)? {
        query.insert("offset".to_owned(), scalar(input)?);
    }
    if input.ratio(1, 8)? {
        query.insert("limit".to_owned(), scalar(input)?);
    }
    Ok(Value::Object(query))
}

fn store() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(sixty_documents)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((form, rest)) = bytes.split_first() else { return };
    if form % 2 == 0 {
        if let Ok(query) = query(&mut Unstructured::new(rest)) {
            ask(&query.to_string());
        }
    } else if let Ok(text) = std::str::from_utf8(rest) {
        ask(text);
    }
});

fn ask(query: &str) {
    let store = store();
    let page = match store.list(Some(query)) {
        Ok(page) => page,
        Err(error) => return assert_typed(&error),
    };
    parsed(&store.explain(Some(query)).expect("what can be listed can be explained"));
    let found = documents(&page);
    // NULL and "null" are no objects; whatever else was answered is one.
    let Value::Object(members) = parsed(query) else { return };
    if ["limit", "offset", "after"].iter().any(|name| members.contains_key(*name)) {
        return;
    }
    let count = store.count(Some(query)).expect("what can be listed can be counted");
    assert_eq!(count, found.len() as i64, "{query}");
    let mut cursor = store.cursor(Some(query)).expect("what can be listed has a cursor");
    let mut one_by_one = Vec::new();
    while let Some(document) = cursor.next().expect("the next") {
        one_by_one.push(parsed(&document));
    }
    assert_eq!(one_by_one, found, "{query}");
    let mut paged = Vec::new();
    let mut after = None::<String>;
    loop {
        let mut part = members.clone();
        part.insert("limit".to_owned(), json!(7));
        if let Some(after) = after {
            part.insert("after".to_owned(), json!(after));
        }
        let page = store.list(Some(&Value::Object(part).to_string())).expect("a page");
        paged.extend(documents(&page));
        match parsed(&page)["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(paged, found, "{query}");
    for document in found.iter().filter(|it| it["id"].is_string() && it["uuid"].is_string()) {
        assert_eq!(
            store.resolve_id(text(document, "id")).expect("it resolves"),
            text(document, "uuid")
        );
    }
}
