//! Hands ranges of inputs to children, and notes where one panics, dies or does not come to an end.

mod child;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use fuzz::{Counts, SEED, TARGETS, Target};

use child::{Child, End};

/// Damaged files for every reader: none may panic, abort, hang, or be refused in more than one line.
#[derive(Debug, Parser)]
struct Args {
    /// Inputs for each target
    #[arg(default_value_t = 2000)]
    count: u64,
    /// Targets; all if none is named
    targets: Vec<String>,
    /// Number of the first input
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Seed of the inputs
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// Folder for the inputs at which a promise was broken
    #[arg(long, default_value = "target/fuzz")]
    out: std::path::PathBuf,
    /// File in which a child notes how far it is
    #[arg(long, hide = true)]
    note: Option<std::path::PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match fuzz(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("fuzz: {error}");
            ExitCode::from(2)
        }
    }
}

fn fuzz(args: &Args) -> std::io::Result<ExitCode> {
    fs::create_dir_all(&args.out)?;
    let chosen = |target: &&Target| {
        args.targets.is_empty() || args.targets.iter().any(|name| name == target.name)
    };
    let targets: Vec<&Target> = TARGETS.iter().filter(chosen).collect();
    if targets.len() < args.targets.len().max(1) {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        let problem = format!("a target is none of {}", names.join(", "));
        return Err(std::io::Error::other(problem));
    }
    if let Some(note) = &args.note {
        return work(args, targets[0], note);
    }
    let mut all = Counts::default();
    for target in targets {
        let start = Instant::now();
        let counts = supervise(args, target)?;
        println!(
            "{:14} {:>9} inputs: {:>9} refused, {:>9} accepted, {} broken ({:.0} s)",
            target.name,
            counts.sum(),
            counts.refused,
            counts.accepted,
            counts.broken,
            start.elapsed().as_secs_f64()
        );
        all.add(counts);
    }
    println!(
        "{:14} {:>9} inputs, {} broken (seed {})",
        "all",
        all.sum(),
        all.broken,
        args.seed
    );
    Ok(ExitCode::from(u8::from(all.broken > 0)))
}

/// What a child does.
fn work(args: &Args, target: &Target, note: &Path) -> std::io::Result<ExitCode> {
    std::panic::set_hook(Box::new(|_| {}));
    let range = args.from..args.from + args.count;
    fuzz::run(
        target,
        args.seed,
        range,
        Some(note),
        |index, input, message| {
            tell(args, target, index, input, message);
        },
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Children one after the other, each from behind the input at which the one before it ended.
fn supervise(args: &Args, target: &Target) -> std::io::Result<Counts> {
    let note = args.out.join(format!("{}.note", target.name));
    let (mut counts, mut next) = (Counts::default(), args.from);
    let end = args.from + args.count;
    while next < end {
        let mut child = Child::start(target.name, args.seed, next..end, &args.out, &note)?;
        let how = child.wait(&note)?;
        let done = Counts::noted(&note)?;
        counts.add(done);
        next += done.sum();
        let problem = match how {
            End::Done => break,
            End::Died(status) => format!("the process died: {status}"),
            End::Hung(seconds) => format!("no end in {seconds} s"),
        };
        tell(args, target, next, &target.input(args.seed, next), &problem);
        counts.broken += 1;
        next += 1;
    }
    fs::remove_file(&note)?;
    Ok(counts)
}

fn tell(args: &Args, target: &Target, index: u64, input: &[u8], message: &str) {
    let file = args
        .out
        .join(format!("{}-{}-{index}", target.name, args.seed));
    let stored = fs::write(&file, input);
    let message: String = message.chars().take(300).collect();
    println!("{} {index}: {}", target.name, message.escape_debug());
    match stored {
        Ok(()) => println!("    {} ({} bytes)", file.display(), input.len()),
        Err(error) => println!("    {}: {error}", file.display()),
    }
}
