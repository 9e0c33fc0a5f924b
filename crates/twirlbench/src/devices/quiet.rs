//! Panics of a driver's binding as text.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Mutex, PoisonError};

use twirl_harness::panic_text;

/// The result of work that may panic, on whatever thread; what the first panic said.
pub(super) fn quietly<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    let said = Arc::new(Mutex::new(None));
    let first = Arc::clone(&said);
    let hook = take_hook();
    set_hook(Box::new(move |info| {
        let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| panic_text(info.payload()).to_owned());
    }));
    let done = catch_unwind(AssertUnwindSafe(work));
    set_hook(hook);
    done.map_err(|panic| {
        let first = said.lock().unwrap_or_else(PoisonError::into_inner).take();
        first.unwrap_or_else(|| panic_text(&*panic).to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_first_panic_said_is_kept() {
        let in_a_thread = || {
            std::thread::spawn(|| panic!("no driver"))
                .join()
                .expect("a result")
        };
        assert_eq!(quietly(in_a_thread), Err("no driver".to_owned()));
        assert_eq!(quietly(|| 3), Ok(3));
    }
}
