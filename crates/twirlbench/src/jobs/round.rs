//! Turns of processes on one device, as the one that started them gives them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The processes of a group, of which one computes at a time. Processes are known by their numbers.
#[derive(Default)]
pub(super) struct Round(Mutex<State>);

#[derive(Default)]
struct State {
    at_work: Option<u32>,
    waiting: VecDeque<u32>,
}

impl Round {
    /// A process hands its turn back, if it has it, and asks for the next: it comes after those that wait.
    /// Returns whose turn has come, if one's has.
    pub(super) fn asks(&self, process: u32) -> Option<u32> {
        let mut state = self.state();
        state.waiting.push_back(process);
        state.next(process)
    }

    /// A process has ended, however it did. Returns whose turn has come, if one's has.
    pub(super) fn leaves(&self, process: u32) -> Option<u32> {
        let mut state = self.state();
        state.waiting.retain(|other| *other != process);
        state.next(process)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next(&mut self, done: u32) -> Option<u32> {
        if self.at_work.is_some_and(|at_work| at_work != done) {
            return None;
        }
        self.at_work = self.waiting.pop_front();
        self.at_work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_at_work_and_who_ends_leaves_the_round() {
        let round = Round::default();
        assert_eq!(round.asks(1), Some(1));
        assert_eq!((round.asks(2), round.asks(3)), (None, None));
        assert_eq!(round.asks(1), Some(2));
        // One that waits ends, then the one at work.
        assert_eq!(round.leaves(3), None);
        assert_eq!(round.leaves(2), Some(1));
        // The last is given turn after turn.
        assert_eq!(round.asks(1), Some(1));
        assert_eq!(round.leaves(1), None);
        assert_eq!(round.asks(4), Some(4));
    }
}
