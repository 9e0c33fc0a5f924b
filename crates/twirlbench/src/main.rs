//! The `twirlbench` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    twirlbench::main(twirlbench::ENTRIES)
}
