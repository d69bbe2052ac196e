//! Files that are no store, or none that can be read as it is: what they are, as far as can be
//! seen, and the way out.

use crate::error::{Error, ErrorKind, Result, nearest, shown};
use crate::model::json::{Value, utf8};

/// The name of the error about a file that is sound, or of another kind, but no store: nobody
/// mends it but who knows what it is.
pub(crate) const NOT_A_STORE: &str = "NOT_A_STORE";
/// Members of a file that are named at most, and characters of each.
const NAMED_MAX: usize = 3;
const NAME_MAX: usize = 30;

/// Bytes with which files begin, and what these are.
const BEGINNINGS: &[(&[u8], &str)] = &[
    (b"\x1F\x8B", "it is packed by gzip: unpack it"),
    (b"PK\x03\x04", "it is a zip archive: unpack it"),
    (b"\x28\xB5\x2F\xFD", "it is packed by zstd: unpack it"),
    (b"\xFD7zXZ\0", "it is packed by xz: unpack it"),
    (b"BZh", "it is packed by bzip2: unpack it"),
    (b"SQLite format 3\0", "it is a database of SQLite: give the path of a store"),
    (b"\0GITCRYPT\0", "it is encrypted by git-crypt: unlock the repository"),
    (b"version https://git-lfs", "it is a pointer of Git LFS: get the file with git lfs pull"),
    (b"<", "it is HTML or XML: give the path of a store"),
    // The marks that such texts begin with.
    (b"\xFF\xFE\0\0", UTF_32),
    (b"\0\0\xFE\xFF", UTF_32),
    (b"\xFF\xFE", UTF_16),
    (b"\xFE\xFF", UTF_16),
];
const UTF_16: &str = "its text is UTF-16: save it as UTF-8";
const UTF_32: &str = "its text is UTF-32: save it as UTF-8";

/// Takes the bytes of a file for text.
///
/// # Errors
/// CORRUPT, saying what else they are.
pub(crate) fn text(bytes: &[u8]) -> Result<&str> {
    utf8(bytes).map_err(|error| {
        recognised(bytes).unwrap_or_else(|| {
            let error = error.with_kind(ErrorKind::Corrupt).named("INVALID_UTF8");
            error.hint(super::WAY_OUT)
        })
    })
}

/// The error for bytes that are known not to be a store's.
pub(super) fn recognised(bytes: &[u8]) -> Option<Error> {
    if !bytes.is_empty() && bytes.iter().all(|byte| *byte == 0) {
        let what = "it holds nothing but zero bytes, as after a power cut: restore it";
        return Some(error(what.to_owned()));
    }
    let begins = |(mark, _): &&(&[u8], &str)| bytes.starts_with(mark);
    let what = BEGINNINGS.iter().find(begins).map(|(_, what)| *what);
    // JSON begins with plain characters, whose other bytes are zero.
    let is_zero = |place: usize| bytes.get(place).map(|byte| *byte == 0);
    let what = what.or(match [0, 1, 2, 3].map(is_zero) {
        [Some(true), Some(true), Some(true), Some(false)]
        | [Some(false), Some(true), Some(true), Some(true)] => Some(UTF_32),
        [Some(true), Some(false), Some(true), Some(false)]
        | [Some(false), Some(true), Some(false), Some(true)] => Some(UTF_16),
        _ => None,
    })?;
    Some(error(what.to_owned()))
}

/// The error for a JSON object without documents, whose members have these names.
pub(super) fn without_documents(names: &[&str]) -> Error {
    let missing = "there is no member 'documents'";
    if names.is_empty() {
        return nothing();
    }
    let expected = ["documents".to_owned()];
    if let Some(near) = names.iter().find(|name| nearest(name, &expected).is_some()) {
        let near = shown(near, NAME_MAX);
        return error(format!("{missing}; did you mean 'documents' by '{near}'?"));
    }
    let some = names.iter().take(NAMED_MAX).map(|name| format!("'{}'", shown(name, NAME_MAX)));
    let some = some.collect::<Vec<String>>().join(", ");
    let more = match names.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    error(format!("{missing}, but {some}{more}: give the path of a store"))
}

/// The error for documents that are no array.
pub(super) fn other_documents(found: &Value) -> Error {
    let found = found.type_name();
    error(format!("its member 'documents' is {found}, not an array: write [] for none"))
        .expected("array")
        .actual(found)
        .field("documents")
}

/// The error for a file that is JSON, but no object.
pub(super) fn other_value(value: &Value) -> Error {
    let found = value.type_name();
    let way_out = match value {
        Value::Array(_) => {
            "if these are its documents, put {\"documents\": before them and } behind them"
        }
        _ => "give the path of a store",
    };
    error(format!("it holds a JSON {found}, not an object: {way_out}"))
        .expected("object")
        .actual(found)
}

/// The error for a text that does not even begin like a store.
pub(super) fn other_text(text: &str) -> Error {
    let unknown = || error("it is no JSON object: give the path of a store".to_owned());
    recognised(text.as_bytes()).unwrap_or_else(unknown)
}

/// The error for a file in which there is nothing.
pub(super) fn nothing() -> Error {
    let way_out = "restore it; or, to begin anew, remove it, or give create as true if it held no \
                   store before";
    error(format!("there is nothing in it: {way_out}"))
}

/// Whether a file holds nothing, or an object without members: a new store may begin in it.
pub(crate) fn is_blank(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(bytes);
    let mut rest = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
    let first = (rest.next(), rest.next(), rest.next());
    matches!(first, (None, ..) | (Some(b'{'), Some(b'}'), None))
}

fn error(what: String) -> Error {
    Error::new(ErrorKind::Corrupt, format!("this is not a store: {what}")).named(NOT_A_STORE)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::data_file::{Envelope, Read, Reader, read, salvage};
    use crate::model::schema::Schema;

    /// Takes whatever it is given.
    struct Anything;

    impl Reader for Anything {
        fn schema(&mut self, _: &Envelope) -> Result<Arc<Schema>> {
            Ok(Arc::default())
        }

        fn document(&mut self, _: Read<'_>, _: usize) -> Result<()> {
            Ok(())
        }
    }

    fn refused(bytes: &[u8]) -> Error {
        let read = text(bytes).and_then(|text| read(text, &mut Anything).map(drop));
        read.expect_err("it is refused")
    }

    fn utf_16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn what_is_no_store_says_what_it_is() {
        let package = r#"{"name":"x","version":"1.0.0","private":true,"scripts":{}}"#;
        let utf_32: Vec<u8> = "{}".chars().flat_map(|it| u32::from(it).to_le_bytes()).collect();
        let cases: &[(&[u8], &str)] = &[
            (package.as_bytes(), "no member 'documents', but 'name', 'version', 'private' and 1"),
            (br#"{"documnets":[]}"#, "did you mean 'documents' by 'documnets'?"),
            (br#"{"documents":null}"#, "its member 'documents' is null, not an array"),
            (br#"{"Documents":{}}"#, "its member 'documents' is object, not an array"),
            (b"{ }\n", "nothing in it: restore it; or, to begin anew"),
            (b" \n", "nothing in it"),
            (b"[{\"title\":\"A\"}]", "a JSON array, not an object: if these are its documents"),
            (b"17", "a JSON number"),
            (b"# Notes\n\n- {a}", "no JSON object"),
            (b"\x1F\x8B\x08\0\0", "gzip"),
            (b"PK\x03\x04\x14", "zip archive"),
            (b"\x28\xB5\x2F\xFD\x04", "zstd"),
            (b"\xFD7zXZ\0\0", "xz"),
            (b"BZh91AY", "bzip2"),
            (b"SQLite format 3\0\x10\0", "SQLite"),
            (b"\0GITCRYPT\0\xAA", "git-crypt"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull"),
            (b"<!DOCTYPE html>", "HTML"),
            (b"\0\0\0\0\0", "nothing but zero bytes"),
            (b"{\"metadata\":{}}", "no member 'documents', but 'metadata'"),
            (&utf_16("\u{FEFF}{}", u16::to_le_bytes), "UTF-16: save it as UTF-8"),
            (&utf_16("\u{FEFF}{}", u16::to_be_bytes), "UTF-16"),
            (&utf_16("{\"documents\":[]}", u16::to_le_bytes), "UTF-16"),
            (&utf_16("{\"documents\":[]}", u16::to_be_bytes), "UTF-16"),
            (&utf_32, "UTF-32"),
            (b"\0\0\xFE\xFF\0\0\0{", "UTF-32"),
            (b"\0\0\0{\0\0\0}", "UTF-32"),
        ];
        for (bytes, expected) in cases {
            let error = refused(bytes);
            assert_eq!((error.kind(), error.name()), (ErrorKind::Corrupt, NOT_A_STORE), "{error}");
            assert!(error.message().starts_with("this is not a store: "), "{error}");
            assert!(error.message().contains(expected), "{error}");
        }
    }

    #[test]
    fn what_is_a_store_but_damaged_says_where() {
        let latin = b"{\"documents\":[\n{\"title\":\"caf\xE9\"}]}";
        let cut = &"{\"documents\":[{\"title\":\"caf\u{e9}".as_bytes()[..28];
        for (bytes, name, place, expected) in [
            (&latin[..], "INVALID_UTF8", (2, 14), "as \u{e9} is in Latin-1: save it as UTF-8"),
            (cut, "INVALID_UTF8", (1, 28), "cut off in the middle of a character"),
            (b"{\"documents\":[]}{\"documents\":[]}", "JSON_SYNTAX", (1, 17), "two texts were"),
            (b"x{\"documents\":[]}", "JSON_SYNTAX", (1, 1), "a text without quotation marks"),
            (b"// mine\n{\"documents\":[]}", "JSON_SYNTAX", (1, 1), "a comment"),
        ] {
            let error = refused(bytes);
            assert_eq!((error.kind(), error.name()), (ErrorKind::Corrupt, name), "{error}");
            assert_eq!(error.position(), Some(place), "{error}");
            assert!(error.message().contains(expected), "{error}");
            assert!(error.to_json().contains("salvage"), "{error:?}");
        }
    }

    #[test]
    fn a_store_may_begin_where_there_is_nothing() {
        for text in ["", " \n", "{}", "{}\n", " { \n } ", "\u{FEFF}{}"] {
            assert!(is_blank(text.as_bytes()), "{text}");
        }
        for text in ["{", "[]", "{}x", "{}{}", "{\"a\":1}", "\0"] {
            assert!(!is_blank(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn of_a_file_that_is_no_store_nothing_is_salvaged() {
        for text in [
            "[{\"title\":\"A\"}, oops]",
            "{\"items\":[{\"title\":\"A\"}], oops}",
            r#"{"items":[{"uuid":"00000000-0000-4000-8000-00000000000a","title":"A"}], oops}"#,
            "{\"metadata\":{\"a\":1}, \"items\":[{\"title\":\"A\"}], oops}",
        ] {
            assert_eq!(salvage(text.as_bytes()), None, "{text}");
        }
    }
}
