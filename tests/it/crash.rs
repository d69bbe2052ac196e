//! Crashes, faults and rivals on the simulated disk, seen through the public interface.
//!
//! `world` is a small store, the calls that change it, and a plain run of the same calls in
//! memory, which says what must be there; the other modules are tests.

mod faults;
mod power;
mod survivor;
mod world;
