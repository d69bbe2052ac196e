//! Indexes change how documents are found, never which: a store with indexes answers as one
//! without. Prints its seed; `SEED=n` repeats a run.

use std::path::Path;

use nanostore::Store;

use crate::json::Value;
use crate::model_calls::parsed;
use crate::random::{Random, seed};
use crate::universe::TestFolder;

const DIMENSIONS: &str = r#""dimensions":[
    {"name":"status","type":"enumerated","values":["pending","active","done"],
     "prefixes":{"active":"a","done":"d"},"default_value":"pending"},
    {"name":"priority","type":"enumerated","values":["low","medium","high"],
     "prefixes":{"high":"h"}},
    {"name":"context","type":"enumerated","prefixes":{"home":"z"}},
    {"name":"parent","type":"hierarchical"}]"#;

const INDEXES: &str = r#""indexes":[
    {"name":"due","fields":["data.due"]},
    {"name":"due_down","fields":["-data.due","title"]},
    {"name":"all_due","fields":["data.due"],"missing":true},
    {"name":"status_due","fields":["status","data.due"]},
    {"name":"priority_rev","fields":["priority","-rev"]},
    {"name":"open","fields":["data.n"],"where":{"status":"pending"}},
    {"name":"created","fields":["created_at"]},
    {"name":"title","fields":["title"]},
    {"name":"tags","fields":["data.tags"],"multi":true},
    {"name":"day","fields":[{"field":"created_at","slice":[0,10]}],"reduce":"count"}]"#;

const DUES: [&str; 8] =
    ["null", "1", "2", "10", r#""2026-01-01""#, r#""2026-01-02""#, r#""2026-02""#, r#"[1]"#];

fn open(schema: &str) -> Store {
    let options = format!(
        r#"{{"schema":{{{schema}}},"clock":{{"start":"2026-01-01T00:00:00Z","step_ms":3600000}},
            "uuid_seed":1}}"#
    );
    Store::open(Path::new(":memory:"), Some(&options)).expect("it opens")
}

fn document(random: &mut Random, ids: &[String]) -> String {
    let mut dimensions = vec![];
    if random.below(2) == 0 {
        dimensions.push(format!(r#""status":"{}""#, random.of(&["pending", "active", "done"])));
    }
    if random.below(2) == 0 {
        dimensions.push(format!(r#""priority":"{}""#, random.of(&["low", "medium", "high"])));
    }
    if random.below(2) == 0 {
        dimensions.push(format!(r#""context":"{}""#, random.of(&["home", "work", "5"])));
    }
    if !ids.is_empty() && random.below(3) == 0 {
        dimensions.push(format!(r#""parent":"{}""#, ids[random.below(ids.len())]));
    }
    let mut data = vec![format!(r#""n":{}"#, random.of(&["0", "0.5", "-1", "1e2", "100"]))];
    if random.below(4) > 0 {
        data.push(format!(r#""due":{}"#, random.of(&DUES)));
    }
    if random.below(2) == 0 {
        data.push(format!(
            r#""tags":{}"#,
            random.of(&[r#"["a","b"]"#, "[]", r#"["b",1]"#, r#""ab""#])
        ));
    }
    format!(
        r#"{{"title":"{}","dimensions":{{{}}},"data":{{{}}}}}"#,
        random.of(&["", "a", "b", "B", "ab", "\\u0000"]),
        dimensions.join(","),
        data.join(",")
    )
}

fn condition(random: &mut Random, ids: &[String]) -> String {
    let due = random.of(&DUES);
    match random.below(16) {
        0 => format!(r#""data.due":{due}"#),
        1 => format!(r#""data.due":{{"$gt":{due}}}"#),
        2 => format!(r#""data.due":{{"$lte":{due},"$gte":{}}}"#, random.of(&DUES)),
        3 => format!(r#""data.due":{{"$in":[{due},{}]}}"#, random.of(&DUES)),
        4 => r#""data.due":{"$prefix":"2026-01"}"#.to_owned(),
        5 => r#""data.due":{"$exists":true}"#.to_owned(),
        6 => format!(
            r#""status":{}"#,
            random.of(&[r#""pending""#, r#""active""#, r#""done""#, r#"{"$like":"other"}"#])
        ),
        7 => r#""status":{"$in":["active","done"]}"#.to_owned(),
        8 => format!(r#""priority":{{"$gte":"{}"}}"#, random.of(&["low", "medium", "high"])),
        9 => format!(r#""context":{{"$in":["{}","5"]}}"#, random.of(&["home", "work", "no"])),
        10 => format!(r#""created_at":{{"$lt":"2026-01-{:02}T00:00:00Z"}}"#, 1 + random.below(20)),
        11 => format!(r#""title":"{}""#, random.of(&["", "a", "b", "\\u0000"])),
        12 if !ids.is_empty() => format!(r#""$under":"{}""#, ids[random.below(ids.len())]),
        13 if !ids.is_empty() => format!(r#""parent":"{}""#, ids[random.below(ids.len())]),
        14 => format!(r#""data.tags":{{"$contains":{}}}"#, random.of(&[r#""a""#, "1"])),
        _ => format!(r#""data.n":{{"$ne":{}}}"#, random.of(&["100", "0", "7"])),
    }
}

fn query(random: &mut Random, ids: &[String]) -> String {
    let mut names: Vec<String> = Vec::new();
    let count = random.below(4);
    for _ in 0..count {
        let one = condition(random, ids);
        let name = one.split(':').next().unwrap_or_default().to_owned();
        if !names.iter().any(|known| known.starts_with(&name)) {
            names.push(one);
        }
    }
    let orders = [
        "",
        "",
        r#""data.due""#,
        r#""-data.due""#,
        r#""-data.due","title""#,
        r#""data.due","-title""#,
        r#""created_at""#,
        r#""-created_at""#,
        r#""priority","-rev""#,
        r#""-priority","rev""#,
        r#""title""#,
        r#""context""#,
        r#""-status","-data.due""#,
    ];
    let mut query =
        format!(r#"{{"where":{{{}}},"order_by":[{}]"#, names.join(","), random.of(&orders));
    if random.below(8) == 0 {
        query.push_str(r#","search":"B""#);
    }
    if random.below(4) == 0 {
        query.push_str(&format!(r#","offset":{}"#, random.below(5)));
    }
    query
}

fn ids_of(store: &Store) -> Vec<String> {
    let listing = parsed(&store.list(Some(r#"{"fields":["id"]}"#)).expect("it lists"));
    let documents = listing.get("documents").and_then(Value::elements).expect("documents");
    documents.iter().filter_map(|it| it.get("id")?.as_text().map(str::to_owned)).collect()
}

/// All pages of a query, one text; and how many documents were on them.
fn pages(store: &Store, query: &str, limit: usize) -> String {
    let mut all = String::new();
    let mut after = "null".to_owned();
    loop {
        let asked = format!(r#"{query},"limit":{limit},"total":true,"after":{after}}}"#);
        let page = store.list(Some(&asked)).unwrap_or_else(|error| panic!("{asked}: {error:?}"));
        let (documents, next) = page.rsplit_once(r#","next":"#).expect("a page");
        let (next, total) = next.rsplit_once(',').expect("a total");
        all.push_str(documents);
        if next == "null" {
            return all + total;
        }
        after = next.to_owned();
        assert!(all.len() < 10_000_000, "{query} goes round in circles");
    }
}

fn compare(indexed: &Store, plain: &Store, query: &str, limit: usize) {
    let whole = format!("{query}}}");
    let answers = [indexed, plain].map(|store| store.list(Some(&whole)).expect(&whole));
    let plan = indexed.explain(Some(&whole)).expect(&whole);
    assert!(answers[0] == answers[1], "{whole}\n{plan}\n{}\n{}", answers[0], answers[1]);
    let counts = [indexed, plain].map(|store| store.count(Some(&whole)).expect(&whole));
    assert_eq!(counts[0], counts[1], "{whole} {plan}");
    let pages = [indexed, plain].map(|store| pages(store, query, limit));
    assert!(pages[0] == pages[1], "{whole} by {limit}\n{plan}\n{}\n{}", pages[0], pages[1]);
}

#[test]
fn a_store_with_indexes_answers_as_one_without() {
    let mut random = Random(seed());
    let indexed = open(&format!("{DIMENSIONS},{INDEXES}"));
    let plain = open(DIMENSIONS);
    let both = |call: &dyn Fn(&Store) -> nanostore::Result<String>| {
        let answers = [&indexed, &plain].map(|store| call(store).map_err(|error| error.to_json()));
        assert_eq!(answers[0], answers[1]);
    };
    let mut used = std::collections::BTreeMap::<String, usize>::new();
    for round in 0..60 {
        for _ in 0..8 {
            let ids = ids_of(&indexed);
            let new = document(&mut random, &ids);
            match random.below(if round < 10 { 3 } else { 6 }) {
                0..=2 => both(&|store| store.add(&new, None)),
                3 if !ids.is_empty() => {
                    let id = &ids[random.below(ids.len())];
                    both(&|store| store.update(id, &new, None));
                }
                4 if !ids.is_empty() => {
                    let id = &ids[random.below(ids.len())];
                    let day = 1 + random.below(28);
                    let patch = format!(r#"{{"created_at":"2026-01-{day:02}T07:00:00Z"}}"#);
                    both(&|store| store.update(id, &patch, None));
                }
                _ if ids.len() > 3 => {
                    let id = &ids[random.below(ids.len())];
                    both(&|store| store.delete(id, None));
                }
                _ => {}
            }
        }
        let ids = ids_of(&indexed);
        for _ in 0..20 {
            let query = query(&mut random, &ids);
            compare(&indexed, &plain, &query, 1 + random.below(9));
            for query in [format!("{query}}}"), format!(r#"{query},"limit":3}}"#)] {
                let plan = parsed(&indexed.explain(Some(&query)).expect("a plan"));
                let text = |name| plan.get(name).and_then(Value::as_text).unwrap_or("-").to_owned();
                *used.entry(format!("{} {}", text("access"), text("order"))).or_default() += 1;
            }
        }
    }
    println!("{used:?}");
    for way in ["scan native", "scan sort", "filter native", "index index", "index sort"] {
        assert!(used.contains_key(way), "no query went this way: {way}; {used:?}");
    }
}

#[test]
fn an_index_lists_documents_that_hang_below_each_other_in_a_circle_without_ids() {
    let folder = TestFolder::new("circle");
    let path = folder.path().join("tasks.json");
    // Three in a circle, one below them, one whose parent is not there, one that is in order.
    let documents: Vec<String> = [(1, 2), (2, 3), (3, 1), (4, 3), (5, 9), (6, 0)]
        .iter()
        .map(|&(number, parent)| {
            let parent = match parent {
                0 => String::new(),
                _ => format!(r#","dimensions":{{"parent_id":"{}"}}"#, uuid(parent)),
            };
            format!(r#"{{"uuid":"{}","data":{{"due":{number}}}{parent}}}"#, uuid(number))
        })
        .collect();
    let text = format!(r#"{{"documents":[{}]}}"#, documents.join(","));
    std::fs::write(&path, text).expect("a file");
    let options = format!(r#"{{"schema":{{{DIMENSIONS},{INDEXES}}}}}"#);
    let store = Store::open(&path, Some(&options)).expect("it opens");
    let page = store.list(Some(r#"{"index":"due","fields":["id","data.due"]}"#)).expect("a page");
    let page = parsed(&page);
    let found = page.get("documents").and_then(Value::elements).expect("documents");
    let ids: Vec<_> = found.iter().map(|it| it.get("id").and_then(Value::as_text)).collect();
    assert_eq!(ids, [None, None, None, None, None, Some("1")]);
}

fn uuid(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}
