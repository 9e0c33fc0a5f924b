//! Turns of a run among others on one device, as its own process takes them.

use std::cell::Cell;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::interrupt;

/// How often a run that waits looks for a signal that came to it alone.
const PULSE: Duration = Duration::from_millis(100);

/// Whether it is this process's turn: given by the one that started it, handed back by the run.
#[derive(Default)]
pub(super) struct Token {
    here: Mutex<bool>,
    given: Condvar,
}

impl Token {
    fn set(&self, here: bool) {
        *self.here.lock().unwrap_or_else(PoisonError::into_inner) = here;
    }

    pub(super) fn give(&self) {
        self.set(true);
        self.given.notify_all();
    }

    /// Sleeps until the token is here, or a signal has come.
    fn wait(&self) {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        while !*here && interrupt::received().is_none() {
            let woken = self.given.wait_timeout(here, PULSE);
            here = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The turns of a run.
pub(super) struct Turns {
    /// Device seconds of a turn; `None`: the run is alone.
    slice: Option<f64>,
    token: Arc<Token>,
    /// Device seconds at the first step of the turn.
    begun: Cell<Option<f64>>,
}

impl Turns {
    pub(super) fn new(slice: Option<f64>, token: Arc<Token>) -> Self {
        Self {
            slice,
            token,
            begun: Cell::new(None),
        }
    }

    /// Comes back at once inside of a turn, or else when the next has come or a signal. `spent` are the
    /// device seconds of the run, nothing before it begins; `ask` asks for the next turn.
    pub(super) fn take(&self, spent: Option<f64>, ask: impl FnOnce()) {
        let Some(slice) = self.slice else { return };
        if let (Some(spent), Some(begun)) = (spent, self.begun.get())
            && spent - begun < slice
        {
            return;
        }
        let first_step = spent.is_some() && self.begun.get().is_none();
        self.begun.set(spent);
        if !first_step {
            self.token.set(false);
            ask();
            self.token.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_lasts_for_its_device_seconds_and_begins_with_a_step() {
        let token = Arc::new(Token::default());
        let asked = Cell::new(0);
        let turns = Turns::new(Some(2.0), Arc::clone(&token));
        let take = |spent| {
            turns.take(spent, || {
                asked.set(asked.get() + 1);
                token.give();
            });
            asked.get()
        };
        // A run that goes on has spent something before; what its turn did before a step counts nothing.
        let seen = [
            None,
            Some(10.0),
            Some(11.9),
            Some(12.1),
            Some(14.0),
            Some(14.2),
        ]
        .map(take);
        assert_eq!(seen, [1, 1, 1, 2, 2, 3]);
        let alone = Turns::new(None, token);
        for spent in [None, Some(0.0), Some(1e9)] {
            alone.take(spent, || panic!("nobody is asked"));
        }
    }
}
