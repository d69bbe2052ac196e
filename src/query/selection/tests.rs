//! What goes out of a query, in which order and up to where, on small states.

use super::*;
use crate::error::Error;
use crate::model::json::parse;
use crate::query::testing::World;

fn select(world: &World, query: &str) -> Selection {
    let parsed = Query::parse(Some(query)).unwrap();
    Selection::compile(parsed, world).unwrap_or_else(|error| panic!("{query}: {error:?}"))
}

fn refuse(world: &World, query: &str) -> Error {
    Selection::compile(Query::parse(Some(query)).unwrap(), world).unwrap_err()
}

fn sorted(world: &World, query: &str) -> Vec<u32> {
    select(world, query).sort(world, world.slots(), false).slots
}

fn written(world: &World, query: &str, slot: u32) -> String {
    let mut out = String::from("before ");
    select(world, query).write(world, slot, world.id(slot).as_deref(), None, &mut out);
    out.strip_prefix("before ").unwrap().to_owned()
}

fn shop() -> World {
    World::of(&[
        r#"{"title":"b","dimensions":{"priority":"high"},"data":{"n":10}}"#,
        r#"{"title":"a","dimensions":{"priority":"low"},"data":{"n":9.5}}"#,
        r#"{"title":"c","dimensions":{"priority":"medium","parent_id":0},"data":{"n":"x"}}"#,
        r#"{"title":"a","dimensions":{"status":"done"},"data":{"n":null}}"#,
        r#"{"title":"d","dimensions":{"priority":"urgent","parent_id":"gone"}}"#,
    ])
}

#[test]
fn documents_are_ordered_by_each_field_in_turn() {
    let world = shop();
    for (order, expected) in [
        (r#"["title"]"#, [1, 3, 0, 2, 4]),
        (r#"["-title"]"#, [4, 2, 0, 1, 3]),
        (r#"["title","-created_at"]"#, [3, 1, 0, 2, 4]),
        (r#"["priority"]"#, [3, 1, 2, 0, 4]),
        (r#"["-priority","title"]"#, [4, 0, 2, 1, 3]),
        (r#"["data.n"]"#, [4, 3, 1, 0, 2]),
        (r#"["-data.n"]"#, [2, 0, 1, 3, 4]),
        (r#"["status","rev"]"#, [0, 1, 2, 4, 3]),
        (r#"["-created_at"]"#, [4, 3, 2, 1, 0]),
        (r#"["id"]"#, [4, 0, 2, 1, 3]),
        (r#"["-id"]"#, [3, 1, 2, 0, 4]),
        (r#"["parent"]"#, [0, 1, 3, 2, 4]),
        (r#"["level"]"#, [4, 0, 1, 3, 2]),
        (r#"["-has_children"]"#, [0, 2, 1, 3, 4]),
    ] {
        assert_eq!(sorted(&world, &format!(r#"{{"order_by":{order}}}"#)), expected, "{order}");
    }
}

#[test]
fn limit_and_offset_come_after_everything_else() {
    let world = shop();
    for (query, expected, has_more) in [
        (r#"{"order_by":["title"],"limit":2}"#, vec![1, 3], true),
        (r#"{"order_by":["title"],"limit":2,"offset":1}"#, vec![3, 0], true),
        (r#"{"order_by":["title"],"limit":2,"offset":3}"#, vec![2, 4], false),
        (r#"{"order_by":["title"],"offset":9}"#, vec![], false),
        (r#"{"order_by":["title"],"limit":0}"#, vec![], true),
        (r#"{"order_by":["title"],"where":{"status":"done"},"limit":1}"#, vec![3], false),
        (r#"{"order_by":["title"],"limit":18446744073709551615,"offset":4}"#, vec![4], false),
        (r#"{"order_by":["title"],"search":"A"}"#, vec![1, 3], false),
    ] {
        let page = select(&world, query).sort(&world, world.slots(), false);
        assert_eq!(page, Sorted { slots: expected, has_more }, "{query}");
    }
}

#[test]
fn small_pages_of_many_documents_are_those_of_the_whole_order() {
    let mut world = World::new();
    for number in 0..3_000_u64 {
        world.put(&format!(r#"{{"data":{{"n":{}}}}}"#, number * 7_919 % 101));
    }
    let mut expected: Vec<u32> = world.slots().collect();
    expected.sort_by_key(|&slot| u64::from(slot) * 7_919 % 101);
    let ordered = r#"{"order_by":["data.n"],"limit":7,"offset":3}"#;
    assert_eq!(sorted(&world, ordered), expected[3..10]);
}

#[test]
fn tokens_lead_from_page_to_page_in_every_order() {
    let world = shop();
    for order in [r#"["title"]"#, r#"["-priority"]"#, r#"["data.n","-id"]"#, r#"["parent"]"#] {
        let whole = sorted(&world, &format!(r#"{{"order_by":{order}}}"#));
        let mut after = "null".to_owned();
        let mut walked: Vec<u32> = Vec::new();
        loop {
            let query = format!(r#"{{"order_by":{order},"limit":2,"after":{after}}}"#);
            let selection = select(&world, &query);
            let page = selection.sort(&world, world.slots(), false);
            walked.extend(&page.slots);
            after = format!("\"{}\"", selection.token(&world, page.slots.last().copied()));
            if !page.has_more {
                break;
            }
        }
        assert_eq!(walked, whole, "{order}");
    }
}

#[test]
fn an_empty_page_gives_the_token_of_where_it_began() {
    let world = shop();
    let selection = select(&world, r#"{"limit":0}"#);
    let start = selection.token(&world, None);
    let selection = select(&world, &format!(r#"{{"after":"{start}"}}"#));
    assert_eq!(selection.resume_place(), None);
    let second = selection.token(&world, Some(1));
    let selection = select(&world, &format!(r#"{{"after":"{second}","limit":0}}"#));
    assert_eq!(selection.resume_place().unwrap(), world.place(1));
    assert_eq!(selection.token(&world, None), second);
}

#[test]
fn a_token_serves_its_own_query_only() {
    let world = shop();
    let own = r#""where":{"status":"done","title":"a"},"order_by":["title"]"#;
    let token = select(&world, &format!("{{{own}}}")).token(&world, Some(3));
    for other in [
        own,
        r#""order_by":["title"],"where":{"title":"a","status":"done"},"limit":3"#,
        r#""where":{"status":"done","title":"a"},"order_by":["title"],"search":"""#,
        r#""where":{"status":"done","title":"a"},"order_by":["title"],"view":"all""#,
    ] {
        select(&world, &format!(r#"{{{other},"after":"{token}"}}"#));
    }
    for other in [
        r#""order_by":["title"]"#,
        r#""where":{"status":"done","title":"b"},"order_by":["title"]"#,
        r#""where":{"status":"done","title":"a"},"order_by":["-title"]"#,
        r#""where":{"status":"done","title":"a"},"order_by":["title"],"search":"a""#,
        r#""where":{"status":"done","title":"a"},"order_by":["title"],"view":"canonical""#,
    ] {
        let error = refuse(&world, &format!(r#"{{{other},"after":"{token}"}}"#));
        assert_eq!(error.name(), "TOKEN_OF_ANOTHER_QUERY", "{other}");
    }
}

#[test]
fn the_canonical_view_applies_when_nothing_else_is_asked_for() {
    let mut world = shop();
    world.schema.canonical_view = Some(parse(r#"{"status":{"$ne":"done"}}"#).unwrap());
    for (query, expected) in [
        ("{}", vec![0, 1, 2, 4]),
        (r#"{"view":"all"}"#, vec![0, 1, 2, 3, 4]),
        (r#"{"where":{}}"#, vec![0, 1, 2, 3, 4]),
        (r#"{"where":{"title":"a"}}"#, vec![1, 3]),
        (r#"{"where":{"title":"a"},"view":"canonical"}"#, vec![1]),
        (r#"{"search":"a"}"#, vec![1]),
    ] {
        let selection = select(&world, query);
        let taken = world.slots().filter(|&slot| selection.matches(&world, slot));
        assert_eq!(taken.collect::<Vec<u32>>(), expected, "{query}");
    }
    world.schema.canonical_view = Some(parse(r#"{"statsu":1}"#).unwrap());
    assert_eq!(refuse(&world, "{}").field_path(), Some("canonical_view.statsu"));
}

#[test]
fn whole_documents_are_their_text_with_the_short_id() {
    let world = shop();
    assert_eq!(
        written(&world, "{}", 2),
        concat!(
            r#"{"uuid":"0194a3f0-5c1e-7d3b-8a41-2f6e9c0b7d02","id":"1.1","rev":3,"title":"c","#,
            r#""body":"","dimensions":{"status":"pending","priority":"medium","#,
            r#""parent_id":"0194a3f0-5c1e-7d3b-8a41-2f6e9c0b7d00"},"data":{"n":"x"},"#,
            r#""created_at":"2026-01-01T00:00:02Z","updated_at":"2026-01-01T00:00:02Z"}"#
        )
    );
    let orphan = written(&world, "{}", 4);
    assert!(orphan.contains(r#"d04","id":null,"rev":5,"#), "{orphan}");
    assert!(select(&world, "{}").wants_ids());
    assert!(!select(&world, r#"{"fields":["uuid"]}"#).wants_ids());
}

#[test]
fn fields_keep_the_nesting_and_order_of_documents() {
    let mut world = shop();
    let slot = world.put(
        r#"{"title":"t","key":"k","dimensions":{"parent_id":0,"colour":"red","status":"done"},
            "data":{"a":{"b":1,"c":0.10},"d.e":2,"f":[1]}}"#,
    );
    for (fields, expected) in [
        (r#"["title","id"]"#, r#"{"id":"1.2","title":"t"}"#),
        (r#"["level","has_children"]"#, r#"{"level":2,"has_children":false}"#),
        (r#"["status"]"#, r#"{"dimensions":{"status":"done"}}"#),
        (
            r#"["dimensions.colour","parent"]"#,
            concat!(
                r#"{"dimensions":{"parent_id":"0194a3f0-5c1e-7d3b-8a41-2f6e9c0b7d00","#,
                r#""colour":"red"}}"#
            ),
        ),
        (r#"["data.a.c"]"#, r#"{"data":{"a":{"c":0.10}}}"#),
        (r#"["data.a.c","data.a"]"#, r#"{"data":{"a":{"b":1,"c":0.10}}}"#),
        (r#"["data","data.a.c"]"#, r#"{"data":{"a":{"b":1,"c":0.10},"d.e":2,"f":[1]}}"#),
        (r#"["data.d\\.e","key"]"#, r#"{"key":"k","data":{"d.e":2}}"#),
        (r#"["data.nothing","data.f.g","priority"]"#, "{}"),
        (r#"["created_at"]"#, r#"{"created_at":"2026-01-01T00:00:05Z"}"#),
        (r#"["rev","rev"]"#, r#"{"rev":6}"#),
    ] {
        let query = format!(r#"{{"fields":{fields}}}"#);
        assert_eq!(written(&world, &query, slot), expected, "{fields}");
    }
    assert_eq!(written(&world, r#"{"fields":["id","level"]}"#, 4), r#"{"id":null,"level":null}"#);
}

#[test]
fn unknown_fields_in_the_order_and_the_projection_name_their_place() {
    let world = shop();
    for (query, field) in [
        (r#"{"order_by":["title","-due"]}"#, "order_by.1"),
        (r#"{"fields":["title","due"]}"#, "fields.1"),
        (r#"{"where":{"due":1}}"#, "where.due"),
        (r#"{"after":"x"}"#, "after"),
    ] {
        assert_eq!(refuse(&world, query).field_path(), Some(field), "{query}");
    }
}
