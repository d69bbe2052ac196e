//! Writing IDs.

/// The decimal digits of a number.
pub(super) fn digits(number: u32, room: &mut [u8; 10]) -> &str {
    // The formatter of the standard library does more than this, which shows in lists of all IDs.
    let mut rest = number;
    let mut first = room.len();
    for (place, digit) in room.iter_mut().enumerate().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        first = place;
        if rest == 0 {
            break;
        }
    }
    std::str::from_utf8(room.get(first..).unwrap_or_default()).unwrap_or_default()
}

/// The end of an ID that is written from its end to its beginning, as the way from a document to
/// its root goes.
pub(super) struct Backwards {
    room: [u8; ROOM],
    /// Where in the room its text starts.
    start: usize,
}

/// More than the parts of any level: seven prefixes of sixteen letters are the longest.
const ROOM: usize = 128;

impl Default for Backwards {
    fn default() -> Backwards {
        Backwards { room: [0; ROOM], start: ROOM }
    }
}

impl Backwards {
    /// Puts `part` before the rest. When there is no room left, what is there moves to `place` in
    /// `out` first.
    pub(super) fn put(&mut self, part: &str, place: usize, out: &mut String) {
        if part.len() > self.start {
            out.insert_str(place, self.text());
            self.start = ROOM;
        }
        let Some(start) = self.start.checked_sub(part.len()) else { return };
        if let Some(room) = self.room.get_mut(start..self.start) {
            room.copy_from_slice(part.as_bytes());
        }
        self.start = start;
    }

    /// What was put and has not moved.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(self.room.get(self.start..).unwrap_or_default()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_the_number() {
        for number in [0, 1, 9, 10, 99, 100, 4_294_967_295] {
            assert_eq!(digits(number, &mut [0; 10]), number.to_string());
        }
    }

    #[test]
    fn parts_that_are_put_from_the_end_make_the_whole_however_many_there_are() {
        let longest = "x".repeat(112);
        for count in [0, 1, 5, 40, 1_000] {
            let parts: Vec<String> = (0..count).map(|at| format!("{at}")).collect();
            let mut parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            parts.push(&longest);
            let (mut out, mut end) = (String::from("before "), Backwards::default());
            let place = out.len();
            parts.iter().rev().for_each(|part| end.put(part, place, &mut out));
            out.insert_str(place, end.text());
            assert_eq!(out, format!("before {}", parts.concat()));
        }
    }
}
