//! What `where` takes and refuses, on small states.

use super::*;
use crate::model::json::parse;
use crate::query::reader::uuid_text;
use crate::query::testing::World;

fn matching(world: &World, condition: &str) -> Vec<u32> {
    let filter = Filter::compile(&parse(condition).unwrap(), world)
        .unwrap_or_else(|error| panic!("{condition}: {error:?}"));
    world.slots().filter(|&slot| filter.matches(world, slot)).collect()
}

fn check(world: &World, cases: &[(&str, &[u32])]) {
    for (condition, expected) in cases {
        assert_eq!(matching(world, condition), *expected, "{condition}");
    }
}

fn tree() -> World {
    World::of(&[
        r#"{"title":"a"}"#,
        r#"{"title":"b","dimensions":{"parent_id":0}}"#,
        r#"{"title":"c","dimensions":{"parent_id":1}}"#,
        r#"{"title":"d"}"#,
        r#"{"title":"e","dimensions":{"parent_id":"gone"}}"#,
        r#"{"title":"f","dimensions":{"parent_id":7}}"#,
        r#"{"title":"g","dimensions":{"parent_id":4}}"#,
        r#"{"title":"h","dimensions":{"parent_id":5}}"#,
    ])
}

#[test]
fn missing_null_and_values_are_told_apart() {
    let world = World::of(&[
        "{}",
        r#"{"data":{"a":null}}"#,
        r#"{"data":{"a":1}}"#,
        r#"{"data":{"a":1.0,"b":2}}"#,
        r#"{"data":{"a":"1"}}"#,
        r#"{"data":{"a":{"b":[1,2]}}}"#,
    ]);
    check(
        &world,
        &[
            (r#"{"data.a":null}"#, &[1]),
            (r#"{"data.a":1}"#, &[2, 3]),
            (r#"{"data.a":{"$eq":1}}"#, &[2, 3]),
            (r#"{"data.a":{"$ne":1}}"#, &[0, 1, 4, 5]),
            (r#"{"data.a":{"$ne":null}}"#, &[0, 2, 3, 4, 5]),
            (r#"{"data.a":{"$in":[1,null]}}"#, &[1, 2, 3]),
            (r#"{"data.a":{"$nin":[1,null]}}"#, &[0, 4, 5]),
            (r#"{"data.a":{"$in":[]}}"#, &[]),
            (r#"{"data.a":{"$nin":[]}}"#, &[0, 1, 2, 3, 4, 5]),
            (r#"{"data.a":{"$exists":true}}"#, &[1, 2, 3, 4, 5]),
            (r#"{"data.a":{"$exists":false}}"#, &[0]),
            (r#"{"data.a":{"$not":{"$gt":0}}}"#, &[0, 1, 4, 5]),
            (r#"{"data.a":{"$gte":0,"$lt":2}}"#, &[2, 3]),
            (r#"{"data.a":{"$gte":"0"}}"#, &[4]),
            (r#"{"data.a":{"b":[1,2]}}"#, &[5]),
            (r#"{"data.a":{"b":[2,1]}}"#, &[]),
            (r#"{"data.a.b":[1.0,2]}"#, &[5]),
            (r#"{"data.a.b":{"$size":2}}"#, &[5]),
            (r#"{"data.a.b":{"$contains":2}}"#, &[5]),
            (r#"{"data.a.b.c":{"$exists":true}}"#, &[]),
            (r#"{"data":{"$eq":{"b":2,"a":1}}}"#, &[3]),
            (r#"{"data":{}}"#, &[0]),
        ],
    );
}

#[test]
fn conditions_are_joined() {
    let world = World::of(&[
        r#"{"title":"a","body":"x"}"#,
        r#"{"title":"b","body":"x"}"#,
        r#"{"title":"b","body":"y"}"#,
    ]);
    check(
        &world,
        &[
            ("{}", &[0, 1, 2]),
            (r#"{"title":"b","body":"x"}"#, &[1]),
            (r#"{"$and":[{"title":"b"},{"body":"y"}]}"#, &[2]),
            (r#"{"$or":[{"title":"a"},{"body":"y"}]}"#, &[0, 2]),
            (r#"{"$nor":[{"title":"a"},{"body":"y"}]}"#, &[1]),
            (r#"{"$not":{"title":"b","body":"x"}}"#, &[0, 2]),
            (r#"{"$not":{}}"#, &[]),
            (r#"{"$or":[{},{"title":"a"}]}"#, &[0, 1, 2]),
            (r#"{"title":{"$not":{"$not":{"$eq":"a"}}}}"#, &[0]),
            (r#"{"$or":[{"title":"a"}],"body":"y"}"#, &[]),
        ],
    );
}

#[test]
fn joined_conditions_are_intersections_unions_and_complements() {
    let world = tree();
    let atoms = [
        "{}",
        r#"{"$not":{}}"#,
        r#"{"title":{"$gt":"c"}}"#,
        r#"{"level":{"$gte":2}}"#,
        r#"{"parent":null}"#,
        r#"{"$under":"1"}"#,
        r#"{"status":"pending"}"#,
        r#"{"rev":{"$in":[2,3,5]}}"#,
        r#"{"$or":[{"title":"a"},{"has_children":true}]}"#,
    ];
    let all = matching(&world, "{}");
    for left in atoms {
        for right in atoms {
            let (in_left, in_right) = (matching(&world, left), matching(&world, right));
            let joined = |operator: &str, takes: &dyn Fn(bool, bool) -> bool| {
                let expected: Vec<u32> = all
                    .iter()
                    .copied()
                    .filter(|slot| takes(in_left.contains(slot), in_right.contains(slot)))
                    .collect();
                let condition = format!(r#"{{"{operator}":[{left},{right}]}}"#);
                assert_eq!(matching(&world, &condition), expected, "{condition}");
            };
            joined("$and", &|left, right| left && right);
            joined("$or", &|left, right| left || right);
            joined("$nor", &|left, right| !left && !right);
        }
        let rest: Vec<u32> =
            all.iter().copied().filter(|slot| !matching(&world, left).contains(slot)).collect();
        assert_eq!(matching(&world, &format!(r#"{{"$not":{left}}}"#)), rest, "{left}");
    }
}

#[test]
fn texts_are_matched_with_their_case() {
    let world = World::of(&[
        r#"{"title":"Bread","key":"user:1"}"#,
        r#"{"title":"bread and butter","key":"user:10"}"#,
        r#"{"title":"50% off"}"#,
    ]);
    check(
        &world,
        &[
            (r#"{"title":{"$prefix":"b"}}"#, &[1]),
            (r#"{"title":{"$contains":"read"}}"#, &[0, 1]),
            (r#"{"title":{"$like":"%r_ad%"}}"#, &[0, 1]),
            (r#"{"title":{"$like":"b%"}}"#, &[1]),
            (r#"{"title":{"$like":"%\\%%"}}"#, &[2]),
            (r#"{"title":{"$gt":"Bread"}}"#, &[1]),
            (r#"{"key":"user:1"}"#, &[0]),
            (r#"{"key":{"$prefix":"user:1"}}"#, &[0, 1]),
            (r#"{"key":{"$exists":false}}"#, &[2]),
        ],
    );
}

#[test]
fn dimensions_range_by_place_and_are_decided_without_the_text() {
    let world = World::of(&[
        r#"{"dimensions":{"status":"done","priority":"high"}}"#,
        r#"{"dimensions":{"status":"active","priority":"low"}}"#,
        "{}",
    ]);
    check(
        &world,
        &[
            (r#"{"status":"pending"}"#, &[2]),
            (r#"{"dimensions.status":"pending"}"#, &[2]),
            (r#"{"status":{"$gt":"pending"}}"#, &[0, 1]),
            (r#"{"status":{"$lte":"active"}}"#, &[1, 2]),
            (r#"{"priority":{"$gte":"medium"}}"#, &[0]),
            (r#"{"priority":{"$lt":"high"}}"#, &[1]),
            (r#"{"priority":{"$ne":"high"}}"#, &[1, 2]),
            (r#"{"priority":{"$exists":false}}"#, &[2]),
            (r#"{"priority":null}"#, &[]),
            (r#"{"status":{"$nin":["done",null]}}"#, &[1, 2]),
            (r#"{"status":{"$prefix":"d"}}"#, &[0]),
            (r#"{"status":{"$like":"_ctive"}}"#, &[1]),
            (r#"{"context":{"$exists":true}}"#, &[]),
        ],
    );
    assert_eq!(world.texts_read.get(), 0);
}

#[test]
fn values_that_no_schema_knows_are_found_in_the_text() {
    let world = World::of(&[
        r#"{"dimensions":{"status":"donee","colour":"red"}}"#,
        r#"{"dimensions":{"status":7,"context":"work"}}"#,
        r#"{"dimensions":{"context":"home","colour":3}}"#,
    ]);
    check(
        &world,
        &[
            (r#"{"status":{"$like":"donee"}}"#, &[0]),
            (r#"{"status":{"$nin":["pending","active","done"]}}"#, &[0, 1]),
            (r#"{"status":{"$gte":"pending"}}"#, &[2]),
            (r#"{"status":{"$contains":"e"}}"#, &[0, 2]),
            (r#"{"context":"home"}"#, &[2]),
            (r#"{"context":{"$gt":"home"}}"#, &[1]),
            (r#"{"context":{"$in":["home","work"]}}"#, &[1, 2]),
            (r#"{"dimensions.colour":"red"}"#, &[0]),
            (r#"{"dimensions.colour":3}"#, &[2]),
            (r#"{"dimensions.colour":{"$exists":false}}"#, &[1]),
        ],
    );
}

#[test]
fn parents_are_named_by_any_id_and_null_means_roots() {
    let world = tree();
    let uuid = uuid_text(world.uuid(4)).to_uppercase();
    check(
        &world,
        &[
            (r#"{"parent":null}"#, &[0, 3]),
            (r#"{"parent":""}"#, &[0, 3]),
            (r#"{"parent":{"$ne":null}}"#, &[1, 2, 4, 5, 6, 7]),
            (r#"{"parent":{"$exists":false}}"#, &[0, 3]),
            (r#"{"parent":"1"}"#, &[1]),
            (r#"{"parent_id":" 1.1 "}"#, &[2]),
            (r#"{"dimensions.parent_id":{"$in":["1",null]}}"#, &[0, 1, 3]),
            (r#"{"parent":{"$nin":["1","1.1"]}}"#, &[0, 3, 4, 5, 6, 7]),
            (r#"{"parent":{"$not":{"$eq":"1"}}}"#, &[0, 2, 3, 4, 5, 6, 7]),
            (&format!(r#"{{"parent":"{uuid}"}}"#), &[6]),
        ],
    );
}

#[test]
fn under_takes_a_subtree_without_its_top_and_ends_in_cycles() {
    let world = tree();
    let id = |slot| uuid_text(world.uuid(slot));
    check(
        &world,
        &[
            (r#"{"$under":"1"}"#, &[1, 2]),
            (r#"{"$under":"1.1"}"#, &[2]),
            (r#"{"$under":"2"}"#, &[]),
            (r#"{"$not":{"$under":"1"}}"#, &[0, 3, 4, 5, 6, 7]),
            (&format!(r#"{{"$under":"{}"}}"#, id(4)), &[6]),
            (&format!(r#"{{"$under":"{}"}}"#, id(5)), &[7]),
        ],
    );
}

#[test]
fn computed_and_column_fields_are_matched() {
    let world = tree();
    let uuid = uuid_text(world.uuid(3)).to_uppercase();
    check(
        &world,
        &[
            (r#"{"id":"1.1"}"#, &[1]),
            (r#"{"id":{"$in":["1","2","9",null]}}"#, &[0, 3, 4, 5, 6, 7]),
            (r#"{"id":null}"#, &[4, 5, 6, 7]),
            (r#"{"id":"nonsense"}"#, &[]),
            (r#"{"id":{"$prefix":"1."}}"#, &[1, 2]),
            (r#"{"level":{"$gte":2}}"#, &[1, 2]),
            (r#"{"level":null}"#, &[4, 5, 6, 7]),
            (r#"{"has_children":true,"level":1}"#, &[0]),
            (r#"{"rev":{"$lte":2}}"#, &[0, 1]),
            (&format!(r#"{{"uuid":"{uuid}"}}"#), &[3]),
            (&format!(r#"{{"uuid":{{"$ne":"{uuid}"}}}}"#), &[0, 1, 2, 4, 5, 6, 7]),
            (&format!(r#"{{"uuid":{{"$gt":"{uuid}"}}}}"#), &[4, 5, 6, 7]),
            (r#"{"uuid":{"$prefix":"0194A3F0"}}"#, &[0, 1, 2, 3, 4, 5, 6, 7]),
            (r#"{"uuid":"0194a3f0"}"#, &[]),
        ],
    );
}

#[test]
fn times_are_compared_as_instants() {
    let world = World::of(&[
        r#"{"created_at":"2026-01-01T00:00:00Z"}"#,
        r#"{"created_at":"2026-01-01T00:00:00.5Z","updated_at":"2026-02-01T00:00:00Z"}"#,
        r#"{"created_at":"2026-01-01T00:00:01Z","updated_at":"yesterday"}"#,
    ]);
    check(
        &world,
        &[
            (r#"{"created_at":"2026-01-01T02:00:00+02:00"}"#, &[0]),
            (r#"{"created_at":{"$gt":"2026-01-01T00:00:00Z"}}"#, &[1, 2]),
            (r#"{"created_at":{"$lt":"2026-01-01T00:00:00.6Z"}}"#, &[0, 1]),
            (r#"{"created_at":{"$in":["2025-12-31T23:00:01-01:00"]}}"#, &[2]),
            (r#"{"created_at":{"$prefix":"2026-01-01T00:00:00."}}"#, &[1]),
            (r#"{"updated_at":{"$gte":"2026-02-01T00:00:00Z"}}"#, &[1]),
            (r#"{"updated_at":{"$like":"yester%"}}"#, &[2]),
            (r#"{"updated_at":null}"#, &[]),
        ],
    );
}

#[test]
fn the_text_is_read_once_and_only_when_columns_leave_it_open() {
    let world = World::of(&[
        r#"{"title":"a","body":"b"}"#,
        r#"{"title":"a","body":"b","dimensions":{"status":"done"}}"#,
    ]);
    assert_eq!(matching(&world, r#"{"title":"a","body":"b","status":"done"}"#), [1]);
    assert_eq!(world.texts_read.get(), 1);
}

#[test]
fn conditions_that_take_everything_are_known() {
    let world = World::new();
    let everything = |condition: &str| {
        Filter::compile(&parse(condition).unwrap(), &world).unwrap().matches_everything()
    };
    assert!(everything("{}"));
    assert!(everything(r#"{"$and":[{},{"$or":[{"title":"a"},{}]}],"$not":{"$not":{}}}"#));
    assert!(!everything(r#"{"title":"a"}"#));
}

#[test]
fn mistakes_name_the_member_and_what_was_expected_and_found() {
    use ErrorKind::{Invalid, NotFound};
    let world = tree();
    for (condition, kind, field) in [
        ("[]", Invalid, "where"),
        (r#"{"statsu":1}"#, Invalid, "where.statsu"),
        (r#"{"due":1}"#, Invalid, "where.due"),
        (r#"{"status":{"$in":"done"}}"#, Invalid, "where.status.$in"),
        (r#"{"status":{"$is":"done"}}"#, Invalid, "where.status.$is"),
        (r#"{"status":{"$eq":"done","x":1}}"#, Invalid, "where.status.x"),
        (r#"{"status":{"$gt":"medium"}}"#, Invalid, "where.status.$gt"),
        (r#"{"status":{"$gt":null}}"#, Invalid, "where.status.$gt"),
        (r#"{"data.a.b":{"$size":-1}}"#, Invalid, "where.data.a.b.$size"),
        (r#"{"data.a":{"$size":1.5}}"#, Invalid, "where.data.a.$size"),
        (r#"{"data.a":{"$exists":1}}"#, Invalid, "where.data.a.$exists"),
        (r#"{"data.a":{"$prefix":1}}"#, Invalid, "where.data.a.$prefix"),
        (r#"{"data.a":{"$like":"a\\"}}"#, Invalid, "where.data.a.$like"),
        (r#"{"data.a":{"$not":1}}"#, Invalid, "where.data.a.$not"),
        (r#"{"data.a":{"$not":{"$gte":1,"$foo":1}}}"#, Invalid, "where.data.a.$not.$foo"),
        (r#"{"created_at":"soon"}"#, Invalid, "where.created_at"),
        (r#"{"created_at":{"$in":["2026-01-01T00:00:00Z",5]}}"#, Invalid, "where.created_at.$in.1"),
        (r#"{"$or":{}}"#, Invalid, "where.$or"),
        (r#"{"$or":[]}"#, Invalid, "where.$or"),
        (r#"{"$or":[{},{"$and":[{"x":1}]}]}"#, Invalid, "where.$or.1.$and.0.x"),
        (r#"{"$xor":[]}"#, Invalid, "where.$xor"),
        (r#"{"$gt":1}"#, Invalid, "where.$gt"),
        (r#"{"$under":1}"#, Invalid, "where.$under"),
        (r#"{"parent":1}"#, Invalid, "where.parent"),
        (r#"{"parent":{"$gt":"1"}}"#, Invalid, "where.parent.$gt"),
    ] {
        let error = Filter::compile(&parse(condition).unwrap(), &world).unwrap_err();
        assert_eq!((error.kind(), error.field_path()), (kind, Some(field)), "{condition}");
        let json = error.to_json();
        assert!(json.contains("\"expected\"") && json.contains("\"actual\""), "{json}");
    }
    for (condition, field) in [
        (r#"{"$under":"9"}"#, "where.$under"),
        (r#"{"parent":"9"}"#, "where.parent"),
        (r#"{"parent":{"$in":["1","9"]}}"#, "where.parent.$in.1"),
    ] {
        let error = Filter::compile(&parse(condition).unwrap(), &world).unwrap_err();
        assert_eq!((error.kind(), error.field_path()), (NotFound, Some(field)), "{condition}");
    }
}

#[test]
fn candidates_are_given_for_unknown_names_operators_and_values() {
    let world = tree();
    for (condition, candidate, hint) in [
        (r#"{"prioriti":"high"}"#, "priority", "did you mean 'priority'?"),
        (r#"{"title":{"$lke":"a"}}"#, "$like", "did you mean '$like'?"),
        (r#"{"$adn":[]}"#, "$and", "did you mean '$and'?"),
        (r#"{"priority":{"$gt":"hgih"}}"#, "medium", "did you mean 'high'?"),
        (r#"{"parent":{"$like":"1"}}"#, "$nin", "use $under for a whole subtree"),
    ] {
        let json = Filter::compile(&parse(condition).unwrap(), &world).unwrap_err().to_json();
        assert!(json.contains(&format!("\"{candidate}\"")), "{json}");
        assert!(json.contains(hint), "{json}");
    }
}

#[test]
fn filters_of_too_many_conditions_are_over_the_limit() {
    let world = World::new();
    let conditions = |count: usize| vec![r#"{"rev":1}"#; count].join(",");
    let filter = |count| parse(&format!(r#"{{"$or":[{}]}}"#, conditions(count))).unwrap();
    assert!(Filter::compile(&filter(4_000), &world).is_ok());
    let error = Filter::compile(&filter(6_000), &world).unwrap_err();
    assert_eq!((error.kind(), error.name()), (ErrorKind::Limit, "FILTER_SIZE"));
}
