//! Compiling a `where`: from the JSON that callers write to conditions ready to be matched.
//!
//! - An object whose members begin with `$` holds operators, any other value is compared whole.
//! - Short IDs in a filter are resolved here, in the state that the filter is compiled for; the
//!   compiled filter may then be matched in a later one. `parent` and `$under` take any form of
//!   ID, and an unknown one is an error; `id` is compared with IDs as documents show them.
//! - Scalars compared with a dimension count as the text that a write would store. A range over
//!   declared values takes one of them, and documents with another value lie in no range.
//! - Every error names the member at fault as a dotted path that begins with the name of the
//!   whole filter, as in `where.status.$in`.

mod operator;

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::model::json::{Object, Value};
use crate::query::Source;
use crate::query::field::Field;
use crate::query::matcher::Node;
use crate::query::mistake::{shown, unknown, wrong_type};
use crate::query::reader::DocumentReader;

/// Conditions in one filter at most.
const NODES_MAX: usize = 10_000;
/// How deep most filters go, their own name and operators included.
const DEPTH_EXPECTED: usize = 4;
const LOGICAL: [&str; 5] = ["$and", "$or", "$nor", "$not", "$under"];
const OPERATORS: [&str; 14] = [
    "$eq",
    "$ne",
    "$gt",
    "$gte",
    "$lt",
    "$lte",
    "$in",
    "$nin",
    "$exists",
    "$prefix",
    "$contains",
    "$like",
    "$size",
    "$not",
];

/// A condition on documents.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    root: Node,
}

impl Filter {
    /// The filter that takes every document.
    pub(crate) fn everything() -> Filter {
        Filter { root: Node::Everything }
    }

    /// Compiles the `where` of a call.
    ///
    /// # Errors
    /// INVALID, LIMIT, and NOTFOUND or AMBIGUOUS for IDs inside, all naming the member.
    pub(crate) fn compile(condition: &Value, source: &dyn Source) -> Result<Filter> {
        Filter::compile_named("where", condition, source)
    }

    /// Compiles a filter that errors call `name`.
    ///
    /// # Errors
    /// As [`Filter::compile`].
    pub(crate) fn compile_named(
        name: &str,
        condition: &Value,
        source: &dyn Source,
    ) -> Result<Filter> {
        let mut path = Vec::with_capacity(DEPTH_EXPECTED);
        path.push(Cow::Borrowed(name));
        let mut compiler = Compiler { source, nodes: 0, path };
        Ok(Filter { root: compiler.filter(condition)? })
    }

    /// Whether the document in `slot` is taken.
    pub(crate) fn matches(&self, source: &dyn Source, slot: u32) -> bool {
        self.takes(&DocumentReader::new(source, slot))
    }

    /// Whether it takes every document, so that matching can be left out.
    pub(crate) fn matches_everything(&self) -> bool {
        matches!(self.root, Node::Everything)
    }

    /// Whether it takes every document of these codes, or none; none of both where that takes a
    /// look at the document.
    pub(super) fn decide(&self, codes: &[u16]) -> Option<bool> {
        self.root.decide(codes)
    }

    /// Whether codes tell anything of which documents it takes.
    pub(super) fn reads_codes(&self) -> bool {
        self.root.reads_codes()
    }

    /// The conditions that must all hold.
    pub(super) fn conjuncts(&self) -> &[Node] {
        self.root.conjuncts()
    }

    /// Whether what it takes of a document may change without the document.
    pub(super) fn depends_on_others(&self) -> bool {
        self.root.depends_on_others()
    }

    pub(super) fn takes(&self, document: &DocumentReader<'_>) -> bool {
        self.root.holds(document)
    }

    /// The filter that takes what both take.
    pub(super) fn and(self, other: Filter) -> Filter {
        Filter { root: Node::all(vec![self.root, other.root]) }
    }
}

struct Compiler<'a> {
    source: &'a dyn Source,
    nodes: usize,
    /// Where in the filter the compiler is, for errors.
    path: Vec<Cow<'a, str>>,
}

impl<'a> Compiler<'a> {
    fn inside<T>(
        &mut self,
        name: impl Into<Cow<'a, str>>,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        self.path.push(name.into());
        let done = work(self)?;
        self.path.pop();
        Ok(done)
    }

    /// The dotted path of where the compiler is.
    fn place(&self) -> String {
        self.path.iter().map(|name| shown(name)).collect::<Vec<String>>().join(".")
    }

    fn fail<T>(&self, error: Error) -> Result<T> {
        Err(error.field(self.place()))
    }

    fn wrong_type<T>(&self, expected: &str, value: &Value) -> Result<T> {
        self.fail(wrong_type(&self.place(), expected, value))
    }

    fn count(&mut self) -> Result<()> {
        self.nodes += 1;
        if self.nodes <= NODES_MAX {
            return Ok(());
        }
        self.fail(
            Error::new(
                ErrorKind::Limit,
                format!("a filter has at most {NODES_MAX} conditions; this one has more"),
            )
            .named("FILTER_SIZE")
            .expected(format!("at most {NODES_MAX} conditions"))
            .actual("more")
            .hint("give many values of one field to $in"),
        )
    }

    fn filter(&mut self, condition: &'a Value) -> Result<Node> {
        self.count()?;
        let Value::Object(members) = condition else {
            return self.wrong_type("an object of conditions", condition);
        };
        let mut nodes = Vec::with_capacity(members.len());
        for (name, operand) in members.iter() {
            nodes.push(self.inside(name.as_str(), |inner| inner.member(name, operand))?);
        }
        Ok(Node::all(nodes))
    }

    fn member(&mut self, name: &str, operand: &'a Value) -> Result<Node> {
        match name {
            "$and" => Ok(Node::all(self.filters(operand)?)),
            "$or" => Ok(Node::any(self.filters(operand)?)),
            "$nor" => Ok(Node::any(self.filters(operand)?).negate()),
            "$not" => Ok(self.filter(operand)?.negate()),
            "$under" => match operand {
                Value::String(id) => {
                    self.count()?;
                    Ok(Node::Under(self.resolve(id)?))
                }
                _ => self.wrong_type("the ID of a document as text", operand),
            },
            _ if OPERATORS.contains(&name) => self.fail(
                unknown("condition", name, names(&LOGICAL))
                    .named("UNKNOWN_OPERATOR")
                    .hint(format!(r#"{name} belongs to a field: {{"title":{{"{name}":...}}}}"#)),
            ),
            _ if name.starts_with('$') => {
                self.fail(unknown("condition", name, names(&LOGICAL)).named("UNKNOWN_OPERATOR"))
            }
            _ => match Field::parse(name, self.source.schema()) {
                Ok(field) => self.condition(&field, operand),
                Err(error) => self.fail(error),
            },
        }
    }

    fn filters(&mut self, operand: &'a Value) -> Result<Vec<Node>> {
        let Value::Array(conditions) = operand else {
            return self.wrong_type("an array of filters", operand);
        };
        if conditions.is_empty() {
            let place = self.place();
            let error = Error::invalid(format!("{place} takes at least one filter, not none"));
            return self.fail(error.expected("at least one filter").actual("an empty array"));
        }
        let mut nodes = Vec::with_capacity(conditions.len());
        for (index, condition) in conditions.iter().enumerate() {
            nodes.push(self.inside(index.to_string(), |inner| inner.filter(condition))?);
        }
        Ok(nodes)
    }

    fn condition(&mut self, field: &Field, operand: &'a Value) -> Result<Node> {
        match operand {
            Value::Object(members) if has_operator(members) => self.operators(field, members),
            _ => {
                self.count()?;
                self.test(field, "$eq", operand)
            }
        }
    }

    fn operators(&mut self, field: &Field, members: &'a Object) -> Result<Node> {
        let mut nodes = Vec::with_capacity(members.len());
        for (name, operand) in members.iter() {
            nodes.push(self.inside(name.as_str(), |inner| inner.operator(field, name, operand))?);
        }
        Ok(Node::all(nodes))
    }

    fn operator(&mut self, field: &Field, name: &str, operand: &'a Value) -> Result<Node> {
        self.count()?;
        match name {
            "$ne" => Ok(self.test(field, "$eq", operand)?.negate()),
            "$nin" => Ok(self.test(field, "$in", operand)?.negate()),
            "$not" => match operand {
                Value::Object(members) if has_operator(members) => {
                    Ok(self.operators(field, members)?.negate())
                }
                _ => {
                    let error = wrong_type("$not", "an object of operators", operand);
                    self.fail(error.hint("use $ne for a value"))
                }
            },
            "$exists" => {
                let Value::Bool(wanted) = operand else {
                    return self.wrong_type("true or false", operand);
                };
                let exists = self.test(field, name, operand)?;
                Ok(if *wanted { exists } else { exists.negate() })
            }
            _ => self.test(field, name, operand),
        }
    }
}

/// Whether an operand is an object of operators and not a value.
fn has_operator(members: &Object) -> bool {
    members.iter().any(|(name, _)| name.starts_with('$'))
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[cfg(test)]
mod tests;
