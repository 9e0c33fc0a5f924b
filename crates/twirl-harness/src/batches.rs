//! The order of the samples, and loading ahead of the device.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use rand::seq::SliceRandom;
use twirl_core::{Purpose, Stream};

use crate::draw::Draw;
use crate::error::RunError;
use crate::panic::classify;
use crate::task::Task;

/// Which samples a step sees: a fresh permutation of the items for every epoch.
///
/// A pure function of `(seed, step)`, so the data cursor of a checkpoint is its step.
#[derive(Debug)]
pub(crate) struct Order<'a> {
    items: &'a [usize],
    batch: usize,
    seed: u64,
    epoch: Option<(u64, Vec<usize>)>,
}

impl<'a> Order<'a> {
    pub(crate) fn new(items: &'a [usize], batch: usize, seed: u64) -> Self {
        Self {
            items,
            batch: batch.min(items.len()),
            seed,
            epoch: None,
        }
    }

    /// Items of a step (from 0). Batches run across the end of an epoch.
    pub(crate) fn step(&mut self, step: u64) -> Vec<usize> {
        let first = step * self.batch as u64;
        (first..first + self.batch as u64)
            .map(|index| self.sample(index))
            .collect()
    }

    fn sample(&mut self, index: u64) -> usize {
        let count = self.items.len() as u64;
        let (epoch, place) = (index / count, (index % count) as usize);
        if self.epoch.as_ref().is_none_or(|(held, _)| *held != epoch) {
            let mut permuted = self.items.to_vec();
            permuted.shuffle(&mut Stream::new(self.seed, Purpose::Shuffle, [epoch, 0]));
            self.epoch = Some((epoch, permuted));
        }
        self.epoch.as_ref().expect("set above").1[place]
    }
}

/// A batch of a step, on the host.
pub(crate) struct Loaded<H> {
    pub(crate) items: Vec<usize>,
    pub(crate) host: H,
}

/// Makes the batches of some steps on a thread of their own, two ahead of the device. An error is the
/// last that is sent.
pub(crate) fn load_ahead<'scope, 'env, T: Task>(
    scope: &'scope Scope<'scope, 'env>,
    task: &'env T,
    mut order: Order<'env>,
    steps: Range<u64>,
    seed: u64,
) -> Receiver<Result<Loaded<T::Host>, RunError>> {
    let (sender, receiver) = sync_channel(2);
    let load = move || {
        for step in steps {
            let items = order.step(step);
            let made = catch_unwind(AssertUnwindSafe(|| {
                task.batch(&items, Draw::training(seed, step))
            }));
            let made = match made {
                Ok(host) => host.map_err(RunError::from),
                Err(panic) => Err(classify(&*panic)),
            };
            let made = made.map(|host| Loaded { items, host });
            let failed = made.is_err();
            if sender.send(made).is_err() || failed {
                return;
            }
        }
    };
    scope.spawn(move || apart(load));
    receiver
}

/// Where rayon's pool has one thread, that is the one that trains, and it would never come to what another
/// shares out: the work has a pool of its own then.
fn apart(work: impl FnOnce() + Send) {
    if rayon::current_num_threads() > 1 {
        return work();
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    pool.expect("a thread that loads batches").install(work);
}

/// What a loop that asks for more after an error is told.
pub(crate) fn stopped() -> RunError {
    RunError::Panic("the loading of batches has ended".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_sees_every_item_once_in_a_new_order() {
        let items: Vec<usize> = (100..123).collect();
        let mut order = Order::new(&items, 5, 7);
        let seen: Vec<usize> = (0..23).flat_map(|step| order.step(step)).collect();
        let epochs: Vec<&[usize]> = seen.chunks(23).take(5).collect();
        for epoch in &epochs {
            let mut sorted = epoch.to_vec();
            sorted.sort_unstable();
            assert_eq!(sorted, items);
        }
        assert_ne!(epochs[0], epochs[1]);
        assert_eq!(Order::new(&items, 5, 7).step(19), order.step(19));
    }
}
