//! Why a process ended that could not say it itself.

use std::fs;
use std::path::Path;
use std::process::ExitStatus;

use twirl_record::Status;

/// How the standard library begins its last words when memory is refused.
const REFUSED: &str = "memory allocation of ";

/// Whether a line on standard error is that of memory which was refused: the process ends with it.
pub(super) fn is_refusal(line: &str) -> bool {
    line.starts_with(REFUSED)
}

/// How a process ended and why, in one line. `refusal` is the line that [`is_refusal`] knows, if there
/// was one, `kills` how many processes of this control group were killed meanwhile for want of memory.
pub(super) fn cause(status: ExitStatus, refusal: Option<&str>, kills: u64) -> (Status, String) {
    if let Some(line) = refusal.filter(|_| !status.success()) {
        let advice = "choose a smaller batch or model";
        return (
            Status::OutOfMemory,
            format!("out of memory: {line}; {advice}"),
        );
    }
    let ended = if let Some(name) = signal(status) {
        format!("its process was ended by {name}")
    } else {
        let code = status
            .code()
            .map_or("no exit code".into(), |code| format!("exit code {code}"));
        return (
            Status::Failed,
            format!("its process ended with {code} and without a word"),
        );
    };
    let why = match kills {
        0 => String::new(),
        _ => "; the system killed for want of memory meanwhile: give the job more, or choose a \
              smaller batch or model"
            .into(),
    };
    (Status::Killed, format!("{ended}{why}"))
}

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<String> {
    use std::os::unix::process::ExitStatusExt;
    let number = status.signal()?;
    let name = signal_hook::low_level::signal_name(number);
    Some(name.map_or_else(|| format!("signal {number}"), Into::into))
}

#[cfg(not(unix))]
fn signal(_status: ExitStatus) -> Option<String> {
    None
}

/// How many processes of this process's control group the system has killed so far for want of memory;
/// 0 where there is no telling.
pub(super) fn kills() -> u64 {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    let Some(group) = group else {
        return 0;
    };
    let events = Path::new("/sys/fs/cgroup")
        .join(group)
        .join("memory.events");
    let events = fs::read_to_string(events).unwrap_or_default();
    let count = events
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill "));
    count
        .and_then(|count| count.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn refused_memory_is_told_from_a_kill_and_from_an_end_without_a_word() {
        let line = "memory allocation of 40000000000000000 bytes failed";
        assert!(is_refusal(line) && !is_refusal("a memory allocation of 4 bytes failed"));
        let [abort, kill] = [6, 9].map(ExitStatus::from_raw);
        let (status, reason) = cause(abort, Some(line), 0);
        assert_eq!(status, Status::OutOfMemory);
        assert_eq!(
            reason,
            format!("out of memory: {line}; choose a smaller batch or model")
        );
        assert_eq!(
            cause(abort, None, 0),
            (Status::Killed, "its process was ended by SIGABRT".into())
        );
        let (status, reason) = cause(kill, None, 1);
        assert_eq!(status, Status::Killed);
        assert!(
            reason.starts_with("its process was ended by SIGKILL; the system killed"),
            "{reason}"
        );
        let (status, reason) = cause(ExitStatus::from_raw(3 << 8), None, 0);
        assert_eq!(status, Status::Failed);
        assert_eq!(
            reason,
            "its process ended with exit code 3 and without a word"
        );
    }
}
