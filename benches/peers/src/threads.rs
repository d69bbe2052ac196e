//! Several threads at one store: writers that wait for the disk at the same time, and one that
//! writes while another reads.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use crate::clock::{ENOUGH_NS, LONG, thread_ns};
use crate::document::{Document, beyond};
use crate::peer::Peer;
use crate::results::Results;

/// Durable adds of each thread.
const ADDS: u32 = 400;
/// The most that are added beside a stream.
const BESIDE: u32 = 20_000;

/// What lets no number be used twice: where those begin that are added here.
const GROUPS_FROM: u32 = 1_000;
const BESIDE_FROM: u32 = 100_000;

pub fn measure<P: Peer>(peer: &P, count: u32, results: &mut Results) {
    let mut next = GROUPS_FROM;
    for (threads, name) in [
        (1, "durable adds of 1 thread, adds a second"),
        (2, "durable adds of 2 threads, adds a second"),
        (8, "durable adds of 8 threads, adds a second"),
    ] {
        let parts: Vec<Vec<Document>> =
            (0..threads).map(|thread| beyond(count, next + thread * ADDS, ADDS)).collect();
        next += threads * ADDS;
        results.figure(name, adds_a_second(peer, &parts));
    }
    results.figure("stream beside a writer, a document, ns", beside_a_writer(peer, count));
}

/// Lets a thread add each part, for a while at most.
fn adds_a_second<P: Peer>(peer: &P, parts: &[Vec<Document>]) -> f64 {
    let adders: Vec<_> = parts.iter().map(|part| (peer.adder(), part)).collect();
    let start = Instant::now();
    let added: usize = thread::scope(|scope| {
        let threads: Vec<_> = adders
            .into_iter()
            .map(|(mut add, part)| {
                scope.spawn(move || {
                    part.iter().take_while(|_| start.elapsed() < LONG).map(&mut add).count()
                })
            })
            .collect();
        threads.into_iter().map(|it| it.join().expect("a thread")).sum()
    });
    added as f64 / start.elapsed().as_secs_f64()
}

/// The processor time that a document of a stream takes the thread that reads.
fn beside_a_writer<P: Peer>(peer: &P, count: u32) -> f64 {
    let new = beyond(count, BESIDE_FROM, BESIDE);
    let mut add = peer.adder();
    let (is_over, mut seen) = (AtomicBool::new(false), 0_u32);
    thread::scope(|scope| {
        scope.spawn(|| {
            new.iter().take_while(|_| !is_over.load(Ordering::Relaxed)).for_each(&mut add);
        });
        let start = thread_ns();
        while thread_ns() - start < ENOUGH_NS {
            peer.each(|text| {
                black_box(text);
                seen += 1;
            });
        }
        is_over.store(true, Ordering::Relaxed);
        (thread_ns() - start) / f64::from(seen)
    })
}
