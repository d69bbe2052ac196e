//! The text of a merged file.

use super::{Entry, Labels};
use crate::model::data_file::{Envelope, Writer};
use crate::model::json::{Object, Value};

/// A document in the form in which it is stored, and the revision that the file keeps of it: see
/// `Writer::document`.
type Stored = (String, Option<u64>);

/// Writes the file, with conflict markers around what is in conflict. Whichever side a person takes
/// in each place, the file is sound.
pub(super) fn write(
    mut entries: Vec<Entry>,
    [ours, theirs]: [Envelope; 2],
    labels: Labels<'_>,
) -> String {
    let mut text = Vec::new();
    let mut take = |piece: &[u8]| {
        text.extend_from_slice(piece);
        Ok(())
    };
    let mut writer = Writer::new(ours.format, &mut take);
    let marks = [labels.ours, labels.theirs];
    let is_whole = |entry: &Entry| !matches!(entry, Entry::Torn([_, None] | [None, _]));
    // No document ends with a comma if it is the last: that must be one that both sides have.
    let last = entries.iter().rposition(is_whole).map(|place| entries.remove(place));
    let rest = last.is_none().then(|| {
        // There is none, so either side is one piece.
        let mut sides = [Vec::new(), Vec::new()];
        for entry in entries.drain(..) {
            let Entry::Torn(documents) = entry else { continue };
            for (side, document) in sides.iter_mut().zip(documents) {
                side.extend(document.as_ref().map(stored));
            }
        }
        sides
    });
    let count = entries.len();
    let entries = entries.into_iter().chain(last).enumerate();
    // Nothing that takes the bytes here fails.
    let written = (|| {
        for (place, entry) in entries {
            match entry {
                Entry::Merged(document) => {
                    let (text, rev) = stored(&document);
                    writer.document(&text, &[], rev)?;
                }
                Entry::Torn(documents) => {
                    let sides = documents.map(|it| it.iter().map(stored).collect::<Vec<_>>());
                    writer.conflict(marks, &sides, place == count);
                }
            }
        }
        if let Some(sides) = rest.filter(|sides| sides.iter().any(|side| !side.is_empty())) {
            writer.conflict(marks, &sides, true);
        }
        writer.finish_torn(marks, [&ours, &theirs])
    })();
    debug_assert!(written.is_ok());
    String::from_utf8(text).unwrap_or_default()
}

fn stored(document: &Object) -> Stored {
    let rev = match document.get("rev") {
        Some(Value::Number(rev)) if rev.as_u64() == Some(0) => Some(0),
        _ => None,
    };
    let mut text = String::new();
    document.write(&mut text);
    (text, rev)
}
