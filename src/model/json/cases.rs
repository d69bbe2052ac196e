//! Runs `fixtures/json/cases.json`: right and wrong texts, with what must come of each.
//!
//! Each member of a case: `text`, or `repeat` (pieces, each with how often), or `hex` (bytes);
//! `ok`; for right ones `canonical` or `canonical_repeat`, the compact text; for wrong ones `line`,
//! `column` and `error`, its name. The file is read by another reader than the one under test.

use super::{JsonText, Parser, Value, parse, utf8};
use crate::error::{Error, ErrorKind, Result};

const CASES: &str = include_str!("../../../fixtures/json/cases.json");
const CASES_LEAST: usize = 220;

type Case = serde_json::Value;

fn cases() -> Vec<Case> {
    serde_json::from_str(CASES).unwrap()
}

fn input(case: &Case) -> Vec<u8> {
    if let Some(hex) = case["hex"].as_str() {
        let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        return digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    }
    text_of(case, "text", "repeat").into_bytes()
}

fn text_of(case: &Case, plain: &str, repeated: &str) -> String {
    if let Some(text) = case[plain].as_str() {
        return text.to_owned();
    }
    let pieces = case[repeated].as_array().unwrap().iter();
    pieces
        .map(|piece| {
            let count = usize::try_from(piece[1].as_u64().unwrap()).unwrap();
            piece[0].as_str().unwrap().repeat(count)
        })
        .collect()
}

/// Reads a text in each of the ways there are, which must all come to the same.
fn read(bytes: &[u8]) -> Result<Value> {
    let text = utf8(bytes)?;
    let tree = parse(text);
    let mut parser = Parser::new(text);
    let raw = parser.raw_value().and_then(|raw| parser.end().map(|()| raw));
    match (&tree, raw) {
        (Ok(tree), Ok(raw)) => assert_eq!(parse(raw).unwrap().to_text(), tree.to_text()),
        (Err(tree), Err(raw)) => assert_eq!(tree.to_json(), raw.to_json()),
        (tree, raw) => panic!("{tree:?} but {raw:?}"),
    }
    if let Ok(tree) = &tree {
        let written = JsonText::next(&mut Parser::new(text)).unwrap();
        assert_eq!(written.as_text(), tree.to_text());
        assert_eq!(written.value().to_text(), tree.to_text());
        assert_eq!(written.type_name(), tree.type_name());
    }
    tree
}

/// Says what is wrong with the outcome of a case.
fn check(case: &Case) -> std::result::Result<(), String> {
    match (case["ok"].as_bool().unwrap(), read(&input(case))) {
        (true, Ok(value)) => check_value(case, &value),
        (false, Err(error)) => check_error(case, &error),
        (true, Err(error)) => Err(format!("refused: {error:?}")),
        (false, Ok(value)) => Err(format!("taken as {}", value.to_text())),
    }
}

fn check_value(case: &Case, value: &Value) -> std::result::Result<(), String> {
    let canonical = text_of(case, "canonical", "canonical_repeat");
    let written = value.to_text();
    if written != canonical {
        return Err(format!("written as {written}"));
    }
    let mut pretty = String::new();
    value.write_pretty(&mut pretty, 0);
    for text in [written, pretty] {
        let again = parse(&text).map_err(|error| format!("{text} is refused: {error:?}"))?;
        if again != *value || again.to_text() != canonical {
            return Err(format!("{text} is read as {}", again.to_text()));
        }
    }
    Ok(())
}

fn check_error(case: &Case, error: &Error) -> std::result::Result<(), String> {
    let place = case["line"].as_u64().zip(case["column"].as_u64());
    let kind = match error.name() {
        "JSON_DEPTH" | "JSON_EXPONENT" => ErrorKind::Limit,
        _ => ErrorKind::Invalid,
    };
    let agrees = place.is_some()
        && error.position() == place
        && Some(error.name()) == case["error"].as_str()
        && error.kind() == kind;
    if agrees { Ok(()) } else { Err(format!("refused otherwise: {error:?}")) }
}

#[test]
fn every_case_of_the_fixture_comes_out_as_it_says() {
    let cases = cases();
    assert!(cases.len() >= CASES_LEAST, "only {} cases", cases.len());
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| Some(format!("{}: {}", case["name"], check(case).err()?)))
        .map(|failure| failure.chars().take(400).collect())
        .collect();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

/// A runner that lets everything pass would prove nothing.
#[test]
fn a_case_with_any_other_expectation_fails() {
    for case in cases() {
        // The long ones would only take longer.
        if case["repeat"].is_array() {
            continue;
        }
        let mut changes = vec![("ok", Case::from(!case["ok"].as_bool().unwrap()))];
        if case["ok"] == true {
            changes.push(("canonical", format!("{} ", case["canonical"]).into()));
        } else {
            changes.push(("line", (case["line"].as_u64().unwrap() + 1).into()));
            changes.push(("column", (case["column"].as_u64().unwrap() + 1).into()));
            changes.push(("error", "JSON".into()));
        }
        for (member, value) in changes {
            let mut changed = case.clone();
            changed[member] = value;
            assert!(check(&changed).is_err(), "{changed} passes");
        }
    }
}
