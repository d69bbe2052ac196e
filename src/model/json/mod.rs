//! JSON as RFC 8259 has it, strictly, without losing anything: numbers keep their exact text,
//! objects keep the order of their members, and what cannot be kept (repeated names, lone
//! surrogates) is refused with its line and column.
//!
//! [`Value`] is a tree, [`JsonText`] the text of one; [`Parser`] reads large texts piece by piece,
//! [`from_value`] fills plain structs. Nesting is bounded here, so that nothing after this module
//! can run out of stack. This module knows nothing of documents, schemas or files.

mod cursor;
pub(crate) mod cut;
mod de;
mod failure;
mod mistakes;
mod names;
mod number;
mod object;
mod order;
pub(crate) mod ordered;
mod parser;
mod place;
mod raw;
mod string;
mod sum;
mod text;
mod value;
mod write;

#[cfg(test)]
mod cases;

pub(crate) use cursor::{Cursor, Name};
pub(crate) use de::from_value;
pub(crate) use names::Names;
pub(crate) use number::Number;
pub(crate) use object::Object;
pub(crate) use parser::Parser;
pub(crate) use place::{line_column, utf8};
pub(crate) use raw::Raw;
pub(crate) use sum::Sum;
pub(crate) use text::JsonText;
pub(crate) use value::Value;
pub(crate) use write::quote;

use crate::error::{Error, Result};

/// Containers within each other at most; the outermost counts as one.
pub(crate) const DEPTH_MAX: usize = 128;

/// Reads a whole text, which holds one value and white space around it.
///
/// # Errors
/// INVALID, or LIMIT for nesting and exponents, with line and column.
pub(crate) fn parse(text: &str) -> Result<Value> {
    let mut parser = Parser::new(text);
    let value = parser.value()?;
    parser.end()?;
    Ok(value)
}

/// Reads a whole text, which holds one object and white space around it.
///
/// # Errors
/// As [`parse`], and INVALID for any other value.
pub(crate) fn parse_object(text: &str) -> Result<Object> {
    let mut parser = Parser::new(text);
    parser.peek();
    let start = parser.offset();
    let value = parser.value()?;
    parser.end()?;
    match value {
        Value::Object(object) => Ok(object),
        other => Err(not_an_object(other.type_name(), line_column(text, start))),
    }
}

#[cold]
fn not_an_object(found: &'static str, (line, column): (u64, u64)) -> Error {
    Error::invalid(format!("expected a JSON object, found {found}"))
        .named("WRONG_TYPE")
        .expected("object")
        .actual(found)
        .at(line, column)
}
