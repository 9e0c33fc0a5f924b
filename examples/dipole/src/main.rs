//! The command line of twirlbench with this task beside its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    let entries = [twirlbench::ENTRIES, task_dipole::ENTRIES].concat();
    twirlbench::main(&entries)
}
