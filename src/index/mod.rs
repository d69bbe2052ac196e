//! The persistent structures that the state of a store is made of.
//!
//! Each of them is cloned in constant time, and an edit copies only the chunks it touches that
//! another clone still holds (`Arc::make_mut`): in place while there is no other clone. What lies
//! in a clone never changes by edits of another one. Nothing here knows what a document is,
//! compares anything by itself, reads a file or a clock, or takes a lock.
//!
//! All of them number what they hold with `u32`; the caller keeps `u32::MAX` out of use.

mod entries;
mod hash_index;
mod key;
mod members;
mod table;
mod text_heap;
mod tree;

pub(crate) use entries::{Entries, Entry};
pub(crate) use hash_index::HashIndex;
pub(crate) use key::Key;
pub(crate) use members::Members;
pub(crate) use table::Table;
pub(crate) use text_heap::{Span, TextHeap};

#[cfg(test)]
pub(crate) mod random {
    /// The seed of all random tests here; change it to try others.
    pub(crate) const SEED: u64 = 0x1995_0613;

    /// A small generator of random numbers (splitmix64), the same on every run.
    pub(crate) struct Random(u64);

    impl Random {
        /// Starts from [`SEED`] and prints it, for the report of a test that fails.
        pub(crate) fn new(salt: u64) -> Random {
            println!("seed {SEED:#x}, salt {salt}");
            Random(SEED ^ (salt << 32))
        }

        /// Any 64 bits.
        pub(crate) fn bits(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(self.0)
        }

        /// A number below `end`, which is not 0.
        pub(crate) fn below(&mut self, end: usize) -> usize {
            (self.bits() % end as u64) as usize
        }
    }

    /// Spreads the bits of `number` evenly: a hash.
    pub(crate) fn mix(number: u64) -> u64 {
        let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }
}
