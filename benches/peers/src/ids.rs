//! Short IDs as a program makes them that keeps its documents in a store without: it numbers the
//! documents of a parent, a status and a priority by their creation.

use std::fmt::Write;
use std::ops::Range;

use uuid::Uuid;

/// The values of both dimensions and what they put into an ID, in the order of the IDs: what puts
/// nothing into them comes first.
const STATUSES: [(&str, &str); 3] = [("pending", ""), ("active", "a"), ("done", "d")];
const PRIORITIES: [(&str, &str); 3] = [("medium", ""), ("low", "l"), ("high", "h")];

/// A status and a priority, by their places in the order of the IDs.
pub type State = [u8; 2];

/// Where a document stands.
pub struct Place {
    /// The number of the document above it; 0 stands for none.
    pub parent: u64,
    pub state: State,
    /// Numbers begin with 1, and a document is younger than the one above it.
    pub number: u64,
    pub uuid: Uuid,
}

/// Documents in the order of their parents, states and creation.
pub trait Tree {
    /// Calls a function with each document from the first of a parent and a state on, until it
    /// returns false.
    fn places(&self, parent: u64, state: State, take: impl FnMut(&Place) -> bool);
}

pub fn state(status: &str, priority: &str) -> State {
    let place = |values: &[(&str, &str); 3], wanted: &str| {
        values.iter().position(|(value, _)| *value == wanted).expect("a value") as u8
    };
    [place(&STATUSES, status), place(&PRIORITIES, priority)]
}

/// Calls a function with the ID of each document, in the order of the tree.
fn each(tree: &impl Tree, mut take: impl FnMut(&str, &Place)) {
    let mut ids = String::new();
    let mut spans = vec![Range::default()];
    let mut counter = Counter::default();
    tree.places(0, [0, 0], |place| {
        let start = ids.len();
        ids.extend_from_within(spans[place.parent as usize].clone());
        counter.put(&mut ids, place);
        take(&ids[start..], place);
        let number = place.number as usize;
        if spans.len() <= number {
            spans.resize(number + 1, 0..0);
        }
        spans[number] = start..ids.len();
        true
    });
}

/// The UUIDs and IDs of all documents, as a text.
pub fn all(tree: &impl Tree) -> String {
    let mut all = String::from("[");
    each(tree, |id, place| {
        if all.len() > 1 {
            all.push(',');
        }
        let mut buffer = Uuid::encode_buffer();
        let uuid: &str = place.uuid.hyphenated().encode_lower(&mut buffer);
        all.extend([r#"{"uuid":""#, uuid, r#"","id":""#, id, r#""}"#]);
    });
    all.push(']');
    all
}

/// Calls a function with the ID of each document below one, in the order of the IDs, until it
/// returns false; tells whether it never did.
pub fn in_order(
    tree: &impl Tree,
    parent: u64,
    above: &str,
    take: &mut dyn FnMut(&str, &Place) -> bool,
) -> bool {
    let mut goes_on = true;
    let mut counter = Counter::default();
    tree.places(parent, [0, 0], |place| {
        if place.parent != parent {
            return false;
        }
        let mut id = above.to_owned();
        counter.put(&mut id, place);
        goes_on = take(&id, place) && in_order(tree, place.number, &id, take);
        goes_on
    });
    goes_on
}

/// The UUID that an ID leads to: each level is walked to its number.
pub fn resolve(tree: &impl Tree, id: &str) -> Uuid {
    let (mut above, mut uuid) = (0, Uuid::nil());
    for level in id.split('.') {
        let digits = level.find(|it: char| it.is_ascii_digit()).expect("a number");
        let (prefix, number) = level.split_at(digits);
        let state = state_of(prefix);
        let mut left: u64 = number.parse().expect("a number");
        let parent = above;
        tree.places(parent, state, |place| {
            assert_eq!((place.parent, place.state), (parent, state), "no document: {id}");
            left -= 1;
            if left == 0 {
                above = place.number;
                uuid = place.uuid;
            }
            left > 0
        });
    }
    uuid
}

fn state_of(prefix: &str) -> State {
    [&STATUSES, &PRIORITIES].map(|values| {
        let found = values.iter().rposition(|(_, it)| prefix.contains(it));
        found.expect("the first has no prefix") as u8
    })
}

/// Numbers documents that come in the order of the tree.
#[derive(Default)]
struct Counter {
    group: (u64, State),
    number: u64,
}

impl Counter {
    /// Puts the level of a document behind the ID of the one above it.
    fn put(&mut self, id: &mut String, place: &Place) {
        let group = (place.parent, place.state);
        if group != self.group {
            *self = Counter { group, number: 0 };
        }
        self.number += 1;
        if place.parent != 0 {
            id.push('.');
        }
        let [status, priority] = place.state;
        id.push_str(STATUSES[usize::from(status)].1);
        id.push_str(PRIORITIES[usize::from(priority)].1);
        write!(id, "{}", self.number).expect("a text takes everything");
    }
}
