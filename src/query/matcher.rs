//! The compiled form of a filter and its match on one document.
//!
//! Tests that the columns of a state answer come first in each conjunction, so that the text of a
//! document is read only when they leave the question open.

use crate::model::input::scalar_text;
use crate::model::json::Value;
use crate::query::Source;
use crate::query::compare::Test;
use crate::query::field::Field;
use crate::query::reader::{DocumentReader, Reading};

/// Steps from a document to the top of a subtree at most: the levels that a document may have.
/// It bounds the walk through parent cycles of hand-edited files too.
const LEVELS_MAX: usize = 1_000;

/// One condition, or several joined.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Everything,
    Nothing,
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    /// Names no parent.
    Root,
    ChildOf(u32),
    /// Hangs somewhere below.
    Under(u32),
    /// Is one of these documents (sorted).
    Slots(Vec<u32>),
    /// Has one of these UUIDs (sorted).
    Uuids(Vec<u128>),
    Code(CodeTest),
    Field(Field, Test),
}

/// A test of an enumerated dimension, decided beforehand for each code.
#[derive(Clone, Debug)]
pub(super) struct CodeTest {
    pub(super) dimension: usize,
    /// By code: whether a document of that code passes.
    pub(super) passing: Vec<bool>,
    /// For documents whose value has no code; none passes without it.
    pub(super) otherwise: Option<Test>,
}

impl Node {
    /// Joins conditions that must all hold.
    pub(super) fn all(mut nodes: Vec<Node>) -> Node {
        if nodes.len() == 1 {
            return nodes.pop().unwrap_or(Node::Everything);
        }
        let mut joined = Vec::with_capacity(nodes.len());
        for node in nodes {
            match node {
                Node::Everything => {}
                Node::Nothing => return Node::Nothing,
                Node::All(inner) => joined.extend(inner),
                node => joined.push(node),
            }
        }
        joined.sort_by_key(Node::cost);
        match joined.len() {
            0 => Node::Everything,
            1 => joined.pop().unwrap_or(Node::Everything),
            _ => Node::All(joined),
        }
    }

    /// Joins conditions of which one must hold.
    pub(super) fn any(nodes: Vec<Node>) -> Node {
        let mut joined = Vec::with_capacity(nodes.len());
        for node in nodes {
            match node {
                Node::Nothing => {}
                Node::Everything => return Node::Everything,
                Node::Any(inner) => joined.extend(inner),
                node => joined.push(node),
            }
        }
        joined.sort_by_key(Node::cost);
        match joined.len() {
            0 => Node::Nothing,
            1 => joined.pop().unwrap_or(Node::Nothing),
            _ => Node::Any(joined),
        }
    }

    /// The opposite condition.
    pub(super) fn negate(self) -> Node {
        match self {
            Node::Everything => Node::Nothing,
            Node::Nothing => Node::Everything,
            Node::Not(inner) => *inner,
            node => Node::Not(Box::new(node)),
        }
    }

    /// How dear the condition is: 0 a column, 1 a walk, 2 the text of the document.
    fn cost(&self) -> u8 {
        match self {
            Node::All(nodes) | Node::Any(nodes) => nodes.iter().map(Node::cost).max().unwrap_or(0),
            Node::Not(node) => node.cost(),
            Node::Under(_) => 1,
            Node::Field(field, _) => match field {
                Field::Rev | Field::CreatedAt | Field::Uuid | Field::HasChildren => 0,
                Field::Id | Field::Level => 1,
                _ => 2,
            },
            _ => 0,
        }
    }

    /// Whether the condition holds for every document of these codes, or for none; none of both
    /// where that takes a look at the document.
    pub(super) fn decide(&self, codes: &[u16]) -> Option<bool> {
        match self {
            Node::Everything => Some(true),
            Node::Nothing => Some(false),
            Node::All(nodes) => {
                let decided = nodes.iter().map(|node| node.decide(codes));
                decided.reduce(|all, one| match (all, one) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                })?
            }
            Node::Any(nodes) => {
                let decided = nodes.iter().map(|node| node.decide(codes));
                decided.reduce(|any, one| match (any, one) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                })?
            }
            Node::Not(node) => node.decide(codes).map(|holds| !holds),
            Node::Code(test) => {
                let code = codes.get(test.dimension)?;
                match test.passing.get(usize::from(*code)) {
                    None if test.otherwise.is_none() => Some(false),
                    passes => passes.copied(),
                }
            }
            _ => None,
        }
    }

    /// Whether [`Node::decide`] tells codes apart.
    pub(super) fn reads_codes(&self) -> bool {
        match self {
            Node::All(nodes) | Node::Any(nodes) => nodes.iter().any(Node::reads_codes),
            Node::Not(node) => node.reads_codes(),
            Node::Code(_) => true,
            _ => false,
        }
    }

    /// The conditions that must all hold.
    pub(super) fn conjuncts(&self) -> &[Node] {
        match self {
            Node::Everything => &[],
            Node::All(nodes) => nodes,
            node => std::slice::from_ref(node),
        }
    }

    /// Whether it is about a field alone.
    pub(super) fn is_about(&self, wanted: &Field) -> bool {
        match self {
            Node::Field(field, _) => wanted.is(field),
            Node::Code(test) => wanted.is_dimension(test.dimension),
            _ => false,
        }
    }

    /// Whether what holds for a document may change without it.
    pub(super) fn depends_on_others(&self) -> bool {
        match self {
            Node::All(nodes) | Node::Any(nodes) => nodes.iter().any(Node::depends_on_others),
            Node::Not(node) => node.depends_on_others(),
            Node::ChildOf(_) | Node::Under(_) | Node::Slots(_) => true,
            Node::Field(field, _) => {
                matches!(field, Field::Id | Field::Level | Field::HasChildren)
            }
            _ => false,
        }
    }

    /// Whether the condition holds for a document.
    pub(super) fn holds(&self, document: &DocumentReader<'_>) -> bool {
        let (source, slot) = (document.source, document.slot);
        match self {
            Node::Everything => true,
            Node::Nothing => false,
            Node::All(nodes) => nodes.iter().all(|node| node.holds(document)),
            Node::Any(nodes) => nodes.iter().any(|node| node.holds(document)),
            Node::Not(node) => !node.holds(document),
            Node::Root => source.is_root(slot),
            Node::ChildOf(parent) => source.parent(slot) == Some(*parent),
            Node::Under(top) => is_under(source, slot, *top),
            Node::Slots(slots) => slots.binary_search(&slot).is_ok(),
            Node::Uuids(uuids) => uuids.binary_search(&source.uuid(slot)).is_ok(),
            Node::Code(test) => test.holds(document),
            Node::Field(field, test) => test.holds(&document.read(field)),
        }
    }
}

impl CodeTest {
    /// Whether documents that lack a value fail.
    pub(super) fn excludes_missing(&self) -> bool {
        self.passing.first() == Some(&false)
    }

    fn holds(&self, document: &DocumentReader<'_>) -> bool {
        let code = document.source.code(document.slot, self.dimension);
        match (self.passing.get(usize::from(code)), &self.otherwise) {
            (Some(passes), _) => *passes,
            (None, None) => false,
            (None, Some(test)) => {
                let reading = document.read(&Field::Dimension(self.dimension));
                test.holds(&as_dimension_text(reading))
            }
        }
    }
}

/// What a hand-edited file holds in a dimension counts as the text that a call would store.
fn as_dimension_text(reading: Reading) -> Reading {
    match &reading {
        Reading::Json(value) => match scalar_text(value) {
            Some(text) => Reading::Json(Value::String(text)),
            None => reading,
        },
        _ => reading,
    }
}

fn is_under(source: &dyn Source, slot: u32, top: u32) -> bool {
    slot != top
        && std::iter::successors(source.parent(slot), |&parent| source.parent(parent))
            .take(LEVELS_MAX)
            .any(|ancestor| ancestor == top)
}
