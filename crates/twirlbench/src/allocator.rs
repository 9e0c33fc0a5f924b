//! What the allocator of the C library does with memory that is free again.
//!
//! A step allocates and frees the same tensors as the step before. glibc gives blocks of some megabytes back to the
//! system each time, which clears every page when it is asked for again: up to half of the time of a step
//! of wide models. How it decides is set by an environment variable that is read before a program begins, and
//! by nothing else that is safe to call.

use std::env;
use std::ffi::OsString;
use std::process::Command;

const VARIABLE: &str = "GLIBC_TUNABLES";

/// Free memory is kept, by one arena for all threads (the others end at 64 MiB), in large pages.
const KEEP: &str = "glibc.malloc.mmap_threshold=8589934592:glibc.malloc.trim_threshold=8589934592:\
                    glibc.malloc.arena_max=1:glibc.malloc.hugetlb=1";

/// Lets the program begin again with memory that it keeps. Does nothing without glibc, and where the user has
/// told the allocator what to do.
pub fn keep_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::os::unix::process::CommandExt;

        let told = |(name, _): (OsString, OsString)| {
            name == VARIABLE || name.to_string_lossy().starts_with("MALLOC_")
        };
        if env::vars_os().any(told) {
            return;
        }
        let Ok(own) = env::current_exe() else { return };
        let mut arguments = env::args_os();
        let mut again = Command::new(own);
        if let Some(name) = arguments.next() {
            again.arg0(name);
        }
        // It comes back only where it failed. What follows is slower then, and the same.
        let _ = again.args(arguments).env(VARIABLE, KEEP).exec();
    }
}

/// Another program, which is told nothing by this one.
pub(crate) fn other_program(name: impl Into<OsString>) -> Command {
    let mut command = Command::new(name.into());
    if env::var_os(VARIABLE).is_some_and(|told| told == KEEP) {
        command.env_remove(VARIABLE);
    }
    command
}
