//! The write-ahead log: commits that are not in the data file yet, one JSON record a line.
//!
//! ```text
//! {"nanostore_log":1,"id":"<32 hex>","base":"<32 hex>","seq":41,"crc":"<8 hex>"}
//! {"seq":42,"salt":"<8 hex>","upto":41,"time":"...","ops":[...],"crc":"<8 hex>"}
//! {"seq":43,"salt":"<8 hex>","upto":42,"time":"...","checkpoint":"<32 hex>","crc":"<8 hex>"}
//! ```
//!
//! The first line names the log, the digest of the data file it starts from and that file's commit.
//! A record has the number of its commit, the first digits of the log's name as salt, and `upto`,
//! the highest commit that was known to be on disk when it was written. `crc` is the CRC-32C
//! (Castagnoli) of everything in its line before `,"crc"`. Space claimed ahead is filled with line
//! feeds. A log is never rewound: each checkpoint ends it.
//!
//! - [`record`]: one line; [`scan`]: where a log ends, and what is wrong with it; [`log`]: the file
//!
//! What the operations mean is not known here, nor who may write when.

pub(crate) mod log;
pub(crate) mod record;
pub(crate) mod scan;
