//! Flow, prior, superposition, automorphisms, sampler, sizes and sample quality, each against what
//! is known in closed form or from `RDKit`.

mod arms;
mod automorphisms;
mod geometry;
mod prior;
mod quality;
mod refusals;
mod sampler;
mod schedules;

use twirl_core::{Purpose, Stream};
use twirl_data::{Bond, BondOrder};

/// Seed of all draws here; printed by every test that fails.
const SEED: u64 = 41;

fn stream(number: u64) -> Stream {
    Stream::new(SEED, Purpose::Other(3), [number, 0])
}

fn single(pairs: &[(usize, usize)]) -> Vec<Bond> {
    let bond = |&(first, second): &(usize, usize)| Bond {
        first,
        second,
        order: BondOrder::Single,
    };
    pairs.iter().map(bond).collect()
}
