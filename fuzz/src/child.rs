//! A process that reads a range of inputs.

use std::ops::Range;
use std::path::Path;
use std::process::{self, Command, ExitStatus};
use std::time::{Duration, Instant};

use fuzz::Counts;

/// No input may take longer, on a busy machine either.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(100);
/// Addresses of a child, in KiB: a reader that asks for what a file claims dies of it.
const ADDRESSES: u64 = 4 << 20;

/// How a child ended.
pub(crate) enum End {
    /// All inputs are read.
    Done,
    /// By a signal or with an exit code.
    Died(ExitStatus),
    /// It was killed, so many seconds after the begin of an input.
    Hung(u64),
}

/// A child.
pub(crate) struct Child(process::Child);

impl Child {
    pub(crate) fn start(
        target: &str,
        seed: u64,
        range: Range<u64>,
        out: &Path,
        note: &Path,
    ) -> std::io::Result<Self> {
        let program = std::env::current_exe()?;
        let mut command = if cfg!(unix) {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("ulimit -v {ADDRESSES}; exec \"$0\" \"$@\"")]);
            shell.arg(program);
            shell
        } else {
            Command::new(program)
        };
        // A note of the child before would be taken for this one's.
        std::fs::write(note, [])?;
        command
            .args([&(range.end - range.start).to_string(), target])
            .args([
                "--from",
                &range.start.to_string(),
                "--seed",
                &seed.to_string(),
            ])
            .arg("--out")
            .arg(out)
            .arg("--note")
            .arg(note)
            .env("RAYON_NUM_THREADS", "1");
        command.spawn().map(Self)
    }

    pub(crate) fn wait(&mut self, note: &Path) -> std::io::Result<End> {
        let (mut last, mut since) = (Counts::default(), Instant::now());
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(if status.success() {
                    End::Done
                } else {
                    End::Died(status)
                });
            }
            let now = Counts::noted(note)?;
            if now != last {
                (last, since) = (now, Instant::now());
            } else if since.elapsed() > PATIENCE {
                self.0.kill()?;
                self.0.wait()?;
                return Ok(End::Hung(PATIENCE.as_secs()));
            }
            std::thread::sleep(PAUSE);
        }
    }
}
