//! Settings of a thread that hold while a function runs.

use std::cell::Cell;
use std::thread::LocalKey;

/// Runs a function while a setting has a value; what it was before comes back, also after a panic.
pub(crate) fn within<T: Copy + 'static, R>(
    setting: &'static LocalKey<Cell<T>>,
    value: T,
    run: impl FnOnce() -> R,
) -> R {
    struct Back<T: Copy + 'static>(&'static LocalKey<Cell<T>>, T);
    impl<T: Copy> Drop for Back<T> {
        fn drop(&mut self) {
            self.0.set(self.1);
        }
    }
    let _back = Back(setting, setting.replace(value));
    run()
}
