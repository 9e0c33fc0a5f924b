//! Typed findings in words.

use twirl_compare::{
    Caveats, Comparison, Control, Deviation, Finding, FindingKind, Standing, StudyFinding, Verdict,
    Versus,
};
use twirl_record::{DeviceIdentity, Status};

use crate::table::Missing;
use crate::text::one_line;

/// Why a cell of notes is empty.
pub(crate) const NOTHING: &str = "nothing to note";

/// Whether a device is a GPU: no processor, and no program that plays one.
pub(crate) fn is_gpu(device: &DeviceIdentity) -> bool {
    let hardware = device.hardware.to_lowercase();
    let played = ["cpu", "llvmpipe", "lavapipe", "swiftshader"];
    device.name != "cpu" && !played.iter().any(|name| hardware.contains(name))
}

/// How a run stands that did not finish, or left no record.
pub(crate) fn standing(run: &Standing) -> String {
    let (status, step) = (run.status.name(), run.step);
    match &run.error {
        _ if run.status == Status::Ok => "ok, but without a record".into(),
        Some(error) => format!("{status} after step {step}: {}", one_line(error)),
        None => format!("{status} after step {step} of {}", run.steps),
    }
}

/// Which of two arms is better.
pub(crate) fn better(verdict: Verdict, pair: &Versus) -> String {
    match verdict {
        Verdict::Lower => format!("{} better", pair.plain),
        Verdict::Higher => format!("{} better", pair.exact),
        Verdict::Undecided => "undecided".into(),
        Verdict::NoInterval => no_interval(pair.seeds),
    }
}

/// Why there is no interval over seeds.
pub(crate) fn no_interval(seeds: [usize; 2]) -> String {
    match seeds[0].min(seeds[1]) {
        1 => "one seed: no interval".into(),
        few => format!("{few} seeds: no interval"),
    }
}

/// Why there is no interval over molecules; it stands in its place.
pub(crate) fn few_molecules(molecules: usize) -> Missing {
    Missing::said(format!("no interval ({molecules} molecules)"))
}

/// What must be read beside a comparison of two arms with these names, if there is anything.
fn caveats(caveats: &Caveats, names: [&str; 2], seeds_only: Option<&str>) -> Option<String> {
    let mut parts = Vec::new();
    for (name, failed) in names.iter().zip(caveats.failed) {
        match failed {
            0 => {}
            1 => parts.push(format!("1 seed of {name} failed")),
            many => parts.push(format!("{many} seeds of {name} failed")),
        }
    }
    let who = |arms: [bool; 2]| match arms {
        [false, false] => None,
        [true, true] => Some("both"),
        [first, _] => Some(names[usize::from(!first)]),
    };
    parts.extend(who(caveats.mid_anneal).map(|who| format!("{who} mid-anneal then")));
    // An edge says more of the same search.
    let short = [0, 1].map(|arm| caveats.short_search[arm] && !caveats.rate_at_edge[arm]);
    let marked = [
        (caveats.rate_at_edge, "rate at an edge of its grid"),
        (short, "rate from a short search"),
        (caveats.contended, "other work shared the processor"),
        (caveats.not_exact, "declared exact, but is not"),
    ];
    for (arms, what) in marked {
        parts.extend(who(arms).map(|who| format!("{who}: {what}")));
    }
    parts.extend(seeds_only.map(Into::into));
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What must be read beside a comparison at equal cost.
pub(crate) fn beside(pair: &Versus, found: &Caveats) -> Option<String> {
    let seeds_only = found.seeds_only.then_some("over seeds only");
    caveats(found, [&pair.plain, &pair.exact], seeds_only)
}

/// The same at equal device time, in brackets after a space; nothing if there is nothing.
pub fn in_brackets(pair: &Versus) -> String {
    beside(pair, &pair.caveats).map_or_else(String::new, |text| format!(" ({text})"))
}

/// What must be read beside a comparison of two arms.
pub(crate) fn comparison(found: &Comparison, names: [&str; 2]) -> Option<String> {
    let seeds_only = match (found.caveats.seeds_only, found.percent_seeds_only) {
        (true, true) => Some("over seeds only"),
        (true, false) => Some("losses over seeds only"),
        (false, true) => Some("percent over seeds only"),
        (false, false) => None,
    };
    caveats(&found.caveats, names, seeds_only)
}

/// What must be read beside a control: also that the two searched their way to other learning rates, so
/// that more than the control differs.
pub(crate) fn control(control: &Control) -> Option<String> {
    let rates = control.learning_rates.each_ref().map(|rates| {
        let rates: Vec<String> = rates.iter().map(|rate| format!("{rate:e}")).collect();
        rates.join(", ")
    });
    let differ = (rates[0] != rates[1])
        .then(|| format!("learning rate of control {}, of arm {}", rates[0], rates[1]));
    let notes = comparison(&control.comparison, ["control", "arm"]);
    let parts: Vec<String> = notes.into_iter().chain(differ).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What a study says of one set-up.
pub(crate) fn study_finding(finding: &StudyFinding) -> String {
    let reasons = finding.forbidden.join(", ");
    let colon = if reasons.is_empty() { "" } else { ": " };
    let StudyFinding {
        place,
        verdict,
        figures,
        ..
    } = finding;
    format!("{place}: {verdict}{colon}{reasons} -- {figures}")
}

/// A deviation from a reference band: figure, step, value and band.
pub fn finding(finding: &Finding) -> String {
    let text = match &finding.deviation {
        Deviation::NoRun => "no run".into(),
        Deviation::NotExact => "is no longer found exactly equivariant".into(),
        Deviation::Unfinished(seed, run) => format!("seed {seed}: {}", standing(run)),
        Deviation::NotMeasured { figure, step } => {
            format!("{figure} was not measured at step {step}")
        }
        Deviation::Start(change) => {
            let cause = if change.settings_changed {
                "the settings of the arm changed"
            } else {
                "measurement, data or initial weights changed"
            };
            format!(
                "{} of seed {} before training is {:.6e}, the reference has {:.6e}: {cause}",
                change.figure, change.seed, change.value, change.expected
            )
        }
        Deviation::Outside {
            figure,
            value,
            band,
        } => {
            let how = match finding.kind() {
                FindingKind::Worse => "worse",
                _ => "suspiciously better",
            };
            format!(
                "{figure} at step {} is {value:.4e}: {how} than the band {:.4e} to {:.4e}",
                band.step, band.low, band.high
            )
        }
    };
    one_line(&format!("{}/{}: {text}", finding.task, finding.arm))
}
