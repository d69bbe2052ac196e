//! The documents that every peer holds: those of a task list, the same in each run.
//!
//! 60/15/25 % are pending, active, done; 20/60/20 % of low, medium, high priority; 30 % hang below
//! an earlier one.

pub const STATUSES: [&str; 3] = ["pending", "active", "done"];
pub const PRIORITIES: [&str; 3] = ["low", "medium", "high"];
/// What the values put into a short ID.
pub const STATUS_PREFIXES: [&str; 3] = ["", "a", "d"];
pub const PRIORITY_PREFIXES: [&str; 3] = ["l", "", "h"];

const BODY: &str =
    "Two lines of what is to be done, by whom, and until when; long enough to be like a real one.";

pub struct Document {
    pub uuid: String,
    pub key: String,
    /// A time, different for each document.
    pub due: String,
    /// A number that is different for each document.
    pub reference: u32,
    /// The document as JSON.
    pub text: String,
}

/// SplitMix64: small, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (((mixed >> 32) * u64::from(limit)) >> 32) as u32
    }
}

/// The documents from `first` on; all before them are where these go.
pub fn documents(first: u32, count: u32) -> Vec<Document> {
    (first..first + count).map(|number| document(number, number)).collect()
}

/// Documents from `skipped` behind the `filled` ones that are there for certain.
pub fn beyond(filled: u32, skipped: u32, count: u32) -> Vec<Document> {
    let first = filled + skipped;
    (first..first + count).map(|number| document(number, filled)).collect()
}

/// The UUID of the document with that number.
pub fn uuid(number: u32) -> String {
    let spread = scatter(number);
    let (low, low_spread) = (number & 0xfff, spread & 0xfff);
    format!("01940000-{:04x}-7{low:03x}-8{low_spread:03x}-{spread:012x}", number >> 16)
}

/// Numbers in no visible order, each of them once.
fn scatter(number: u32) -> u32 {
    number.wrapping_mul(2_654_435_761)
}

/// The document with a number; the one above it is among the first `parents`.
fn document(number: u32, parents: u32) -> Document {
    let mut random = Random(u64::from(number));
    let status = match random.below(100) {
        0..60 => 0,
        60..75 => 1,
        _ => 2,
    };
    let priority = match random.below(100) {
        0..20 => 0,
        20..80 => 1,
        _ => 2,
    };
    let parent = (number > 0 && random.below(100) < 30).then(|| random.below(parents));
    let (uuid, key, reference) = (uuid(number), format!("task-{number:07}"), scatter(number));
    let created = format!("{}Z", time(2026, number));
    let due = format!("{}.{:03}Z", time(2027, reference / 128), reference % 128);
    let hangs =
        parent.map(|it| format!(r#","parent_id":"{}""#, self::uuid(it))).unwrap_or_default();
    let (state, rank) = (STATUSES[status], PRIORITIES[priority]);
    let text = [
        format!(r#"{{"uuid":"{uuid}","key":"{key}","title":"Task number {number}","#),
        format!(r#""body":"{BODY}","dimensions":{{"status":"{state}","#),
        format!(r#""priority":"{rank}"{hangs}}},"#),
        format!(r#""data":{{"due":"{due}","ref":{reference},"tags":["a"]}},"#),
        format!(r#""created_at":"{created}"}}"#),
    ];
    Document { uuid, key, due, reference, text: text.concat() }
}

/// A time in a year and those that follow, `seconds` after its beginning, without its zone.
fn time(year: u32, seconds: u32) -> String {
    let days = seconds / 86_400;
    let (year, month, day) = (year + days / 336, days % 336 / 28 + 1, days % 28 + 1);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}
