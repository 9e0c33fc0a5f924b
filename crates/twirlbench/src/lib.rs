//! The command line of twirlbench, as a library.
//!
//! A binary of your own can add tasks: collect [`ENTRIES`] and your own entries in one list and
//! pass it to [`main()`].

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod agreement;
mod allocator;
mod args;
mod claims;
mod collect;
mod commands;
mod compare;
mod data_cache;
mod devices;
mod entries;
mod estimate;
mod execute;
mod export;
mod interrupt;
mod jobs;
mod log;
mod machine;
mod measure;
mod new_task;
mod options;
mod plan;
mod print;
mod program;
mod progress;
mod readme;
mod report;
mod run;
mod sample;
mod shell;
mod shell_files;
mod slurm;
mod status;
mod study;
mod submit;
mod suite;
mod survey;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use twirl_harness::Entry;
use twirl_report::{Medium, escape};

pub use allocator::keep_memory;
pub use entries::ENTRIES;
pub use suite::{Suite, SuiteArm, SuiteTask};

/// Runs the command line on a list of entries.
///
/// Exit codes: 0 done; 1 a run failed; 2 wrong arguments, settings or data, and nothing written; 130
/// and 143 saved and ended by a signal; 75 not at its end yet.
pub fn main(entries: &[Entry]) -> ExitCode {
    keep_memory();
    listen_to_warnings();
    let args = args::Args::parse();
    // Inside rayon's pool: from outside, every operation that may use several threads would put this one to
    // sleep and wake others.
    let done = rayon::scope(|_| commands::run(args.command.unwrap_or_default(), entries));
    let code = match done {
        Ok(code) => code,
        Err(error) => {
            // It may repeat what a file says.
            let line = escape(&format!("{error:#}"), Medium::Terminal);
            print::tell!("error: {line}");
            ExitCode::from(2)
        }
    };
    match print::finish() {
        Err(error) if code == ExitCode::SUCCESS => {
            print::tell!("error: standard output: {error}; files are written all the same");
            ExitCode::from(1)
        }
        _ => code,
    }
}

/// Warnings of this project's crates go to standard error. Drivers say much that helps nobody here; what
/// matters of it comes back as an error.
fn listen_to_warnings() {
    let own = filter_fn(|metadata| {
        let target = metadata.target();
        *metadata.level() <= tracing::Level::WARN
            && (target.starts_with("twirl") || target.starts_with("task"))
    });
    let text = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time()
        .with_target(false)
        .with_filter(own);
    tracing_subscriber::registry().with(text).init();
}
