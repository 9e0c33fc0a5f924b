//! Signals that ask the program to save and end.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

const SIGNALS: [(i32, &str); 2] = [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")];

/// The signal that came; 0 before one has.
static RECEIVED: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

/// From now on the first signal is only noted, for runs to see. A second one ends the process.
///
/// # Errors
/// If the system refuses.
pub(crate) fn listen() -> io::Result<()> {
    let received = RECEIVED.get_or_init(Arc::default);
    let again = Arc::new(AtomicBool::new(false));
    for (signal, _) in SIGNALS {
        // In this order: the first signal finds the flag down and raises it.
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&again))?;
        flag::register(signal, Arc::clone(&again))?;
        flag::register_usize(signal, Arc::clone(received), signal as usize)?;
    }
    Ok(())
}

/// A signal that was noted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interrupt {
    /// Its number.
    pub(crate) number: usize,
    /// Its name.
    pub(crate) name: &'static str,
    /// What the process ends with: 128 and the signal.
    pub(crate) code: u8,
}

/// The signal that came, if one has.
pub(crate) fn received() -> Option<Interrupt> {
    let number = RECEIVED.get()?.load(Ordering::Relaxed);
    let mut signals = SIGNALS.iter();
    let &(signal, name) = signals.find(|(signal, _)| *signal as usize == number)?;
    let code = u8::try_from(128 + signal).ok()?;
    Some(Interrupt { number, name, code })
}

/// Notes a signal that came by another way.
pub(crate) fn note(number: usize) {
    RECEIVED
        .get_or_init(Arc::default)
        .store(number, Ordering::Relaxed);
}

/// Ends this process as if it had been killed: nothing is saved, nothing is said.
pub(crate) fn vanish() -> ! {
    const SIGKILL: i32 = 9;
    let _ = signal_hook::low_level::raise(SIGKILL);
    // Where there is no such signal.
    std::process::exit(128 + SIGKILL)
}
