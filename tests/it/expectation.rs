//! Compares an outcome with what a script expects; `fixtures/scripts/README.md` has the rules.

use crate::json::Value;

/// Says where `actual` differs from `expected`; `at` is the place, for the message.
pub(crate) fn matches(expected: &Value, actual: &Value, at: &str) -> Result<(), String> {
    if let Value::Object(members) = expected {
        if let [(name, wanted)] = members.as_slice() {
            if name.starts_with('$') {
                return matches_wildcard(name, wanted, actual, at);
            }
        }
        return matches_members(members, actual, at);
    }
    if let (Value::Array(expected), Value::Array(actual)) = (expected, actual) {
        if expected.len() != actual.len() {
            return Err(format!(
                "{at}: expected {} elements, found {}: {}",
                expected.len(),
                actual.len(),
                shortened(&Value::Array(actual.clone()))
            ));
        }
        return expected.iter().zip(actual).enumerate().try_for_each(|(n, (expected, actual))| {
            matches(expected, actual, &format!("{at}/{n}"))
        });
    }
    same(expected, actual, at)
}

/// Members that are not named may be there: results may gain members.
fn matches_members(expected: &[(String, Value)], actual: &Value, at: &str) -> Result<(), String> {
    if !matches!(actual, Value::Object(_)) {
        return Err(format!("{at}: expected an object, found {}", shortened(actual)));
    }
    for (name, wanted) in expected {
        let place = format!("{at}/{name}");
        let absent = wanted.get("$absent").is_some();
        match actual.get(name) {
            None if absent => {}
            Some(found) if absent => {
                return Err(format!(
                    "{place}: expected no such member, found {}",
                    shortened(found)
                ));
            }
            None => return Err(format!("{place}: missing in {}", shortened(actual))),
            Some(found) => matches(wanted, found, &place)?,
        }
    }
    Ok(())
}

fn matches_wildcard(name: &str, wanted: &Value, actual: &Value, at: &str) -> Result<(), String> {
    match name {
        "$exact" => same(wanted, actual, at),
        "$any" => matches_kind(wanted.as_text().unwrap_or_default(), actual, at),
        "$not" if wanted != actual => Ok(()),
        "$not" => Err(format!("{at}: expected anything but {}", shortened(actual))),
        "$contains" => {
            let (wanted, found) = (wanted.as_text().unwrap_or_default(), actual.as_text());
            if found.is_some_and(|found| found.contains(wanted)) {
                return Ok(());
            }
            Err(format!("{at}: expected a text with {wanted:?}, found {}", shortened(actual)))
        }
        "$includes" => {
            let found = actual.elements().unwrap_or_default();
            let fits = |element: &Value| found.iter().any(|one| matches(element, one, at).is_ok());
            match wanted.elements().unwrap_or_default().iter().find(|element| !fits(element)) {
                None => Ok(()),
                Some(missing) => Err(format!("{at}: no {missing} in {}", shortened(actual))),
            }
        }
        "$one_of" => {
            let mut choices = wanted.elements().unwrap_or_default().iter();
            if choices.any(|choice| matches(choice, actual, at).is_ok()) {
                return Ok(());
            }
            Err(format!("{at}: expected one of {wanted}, found {}", shortened(actual)))
        }
        _ => Err(format!("{at}: the script uses an unknown wildcard {name}")),
    }
}

fn matches_kind(kind: &str, actual: &Value, at: &str) -> Result<(), String> {
    let fits = match (kind, actual) {
        ("value", _)
        | ("text", Value::Text(_))
        | ("number", Value::Number(_))
        | ("array", Value::Array(_))
        | ("object", Value::Object(_)) => true,
        ("uuid", Value::Text(text)) => is_uuid(text),
        ("time", Value::Text(text)) => is_time(text),
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(format!("{at}: expected any {kind}, found {}", shortened(actual)))
    }
}

fn same(expected: &Value, actual: &Value, at: &str) -> Result<(), String> {
    if expected == actual {
        return Ok(());
    }
    Err(format!("{at}: expected {}, found {}", shortened(expected), shortened(actual)))
}

/// A UUID as the library writes it: lower case, with hyphens.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// A time as the library writes it: UTC, with at most nine digits and no trailing zero.
fn is_time(text: &str) -> bool {
    let Some((seconds, fraction)) = text.strip_suffix('Z').map(|text| match text.split_once('.') {
        Some((seconds, fraction)) => (seconds, Some(fraction)),
        None => (text, None),
    }) else {
        return false;
    };
    let shape: String = seconds.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    shape == "0000-00-00T00:00:00"
        && fraction.is_none_or(|text| {
            (1..=9).contains(&text.len()) && digits(text) && !text.ends_with('0')
        })
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(600) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
