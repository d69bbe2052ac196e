//! Times and UUIDs that the store gives by itself.
//!
//! Times only go forward: each is later than the one before, whatever the system's clock does.
//! UUIDs are of version 7 (RFC 9562): milliseconds, then 74 random bits, of which the next UUID of
//! the same millisecond takes a slightly higher value, so that they sort as they were made.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde::Deserialize;
use uuid::{Builder, Uuid};

use crate::error::{Error, Result};
use crate::model::time::Time;

const RANDOM_BITS: u32 = 74;

/// A clock for tests and reproducible tools: it starts at a time and goes on at each look.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockOptions {
    start: String,
    #[serde(default = "one_second")]
    step_ms: u64,
}

fn one_second() -> u64 {
    1000
}

/// Gives times and UUIDs. A clone goes on by itself: a failed write leaves the original as it was.
#[derive(Clone)]
pub(crate) struct Minter {
    injected: Option<(Time, Duration)>,
    random: SmallRng,
    last: Time,
    uuid_millis: u64,
    uuid_rest: u128,
}

impl Minter {
    /// Uses the system's clock and random numbers unless others are injected.
    ///
    /// # Errors
    /// INVALID when the injected clock's start is no time.
    pub(crate) fn new(
        clock: Option<&ClockOptions>,
        uuid_seed: Option<u64>,
        entropy: [u64; 4],
    ) -> Result<Minter> {
        let injected = match clock {
            Some(clock) => {
                let start = Time::parse(&clock.start);
                let start = start.map_err(|error: Error| error.field("clock.start"))?;
                Some((start, Duration::from_millis(clock.step_ms)))
            }
            None => None,
        };
        Ok(Minter {
            injected,
            random: match uuid_seed {
                Some(seed) => SmallRng::seed_from_u64(seed),
                None => SmallRng::from_seed(bytes_of(entropy)),
            },
            last: Time::MIN,
            uuid_millis: 0,
            uuid_rest: 0,
        })
    }

    /// Makes every time from now on later than `time`.
    pub(crate) fn pass(&mut self, time: Time) {
        self.last = self.last.max(time);
    }

    /// The next time; `system` is what the system's clock says.
    pub(crate) fn time(&mut self, system: Duration) -> Time {
        let next = self.last.plus_nanos(1);
        self.last = match self.injected {
            Some((start, _)) if start > self.last => start,
            Some((_, step)) => next.max(self.last.plus_nanos(step.as_nanos() as u64)),
            None => {
                let seconds = i64::try_from(system.as_secs()).unwrap_or(i64::MAX);
                next.max(Time::from_unix(seconds, system.subsec_nanos()))
            }
        };
        self.last
    }

    /// A UUID for something made at `time`.
    pub(crate) fn uuid(&mut self, time: Time) -> Uuid {
        let millis = time.unix_millis().max(0).unsigned_abs();
        // The highest random bit starts at 0, so that counting up does not run over.
        let random = |random: &mut SmallRng, bits: u32| {
            (u128::from(random.next_u64()) << 64 | u128::from(random.next_u64())) >> (128 - bits)
        };
        if millis > self.uuid_millis {
            self.uuid_millis = millis;
            self.uuid_rest = random(&mut self.random, RANDOM_BITS - 1);
        } else {
            self.uuid_rest += 1 + random(&mut self.random, 32);
            if self.uuid_rest >> RANDOM_BITS != 0 {
                self.uuid_millis += 1;
                self.uuid_rest = random(&mut self.random, RANDOM_BITS - 1);
            }
        }
        // The builder puts version and variant over bits 4-7 of the first and 6-7 of the third
        // byte: 12 bits go before the variant, 62 behind it.
        let high = (self.uuid_rest >> 62) as u16;
        let low = (self.uuid_rest as u64) & (u64::MAX >> 2);
        let mut bytes = [0; 10];
        let (first, second) = bytes.split_at_mut(2);
        first.copy_from_slice(&high.to_be_bytes());
        second.copy_from_slice(&low.to_be_bytes());
        Builder::from_unix_timestamp_millis(self.uuid_millis, &bytes).into_uuid()
    }
}

fn bytes_of(words: [u64; 4]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minter() -> Minter {
        let clock = ClockOptions { start: "2026-01-01T00:00:00Z".to_owned(), step_ms: 1000 };
        Minter::new(Some(&clock), Some(1), [0; 4]).unwrap()
    }

    #[test]
    fn an_injected_clock_starts_and_steps() {
        let mut minter = minter();
        assert_eq!(minter.time(Duration::ZERO).to_text(), "2026-01-01T00:00:00Z");
        assert_eq!(minter.time(Duration::ZERO).to_text(), "2026-01-01T00:00:01Z");
        minter.pass(Time::parse("2027-01-01T00:00:00Z").unwrap());
        assert_eq!(minter.time(Duration::ZERO).to_text(), "2027-01-01T00:00:01Z");
    }

    #[test]
    fn times_go_forward_when_the_clock_goes_back() {
        let mut minter = Minter::new(None, None, [7; 4]).unwrap();
        let first = minter.time(Duration::from_secs(100));
        let second = minter.time(Duration::from_secs(50));
        assert_eq!(second, first.plus_nanos(1));
    }

    #[test]
    fn uuids_of_one_millisecond_are_different_sort_as_made_and_are_of_version_7() {
        let mut minter = minter();
        let time = minter.time(Duration::ZERO);
        let uuids: Vec<Uuid> = (0..10_000).map(|_| minter.uuid(time)).collect();
        assert!(uuids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(uuids.iter().all(|uuid| uuid.get_version_num() == 7));
        let (seconds, nanos) = uuids[0].get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanos), (1_767_225_600, 0));
    }

    #[test]
    fn the_same_seed_gives_the_same_uuids() {
        let time = Time::parse("2026-01-01T00:00:00Z").unwrap();
        assert_eq!(minter().uuid(time), minter().uuid(time));
        let mut other = Minter::new(None, Some(2), [0; 4]).unwrap();
        assert_ne!(minter().uuid(time), other.uuid(time));
    }
}
