//! What a task's figures say, in three sentences.

use twirl_compare::{ArmSummary, Figures, Overview, Verdict, Versus};

use crate::number::{NONE, count, range, significant};
use crate::words;

/// The three things that matter of a task.
pub(crate) struct Headline {
    /// Which arms have learned.
    pub(crate) learned: String,
    /// How much of the loss of the best arm without exact symmetry is imperfect symmetry, controls aside.
    pub(crate) share: String,
    /// How that arm stands against the best with exact symmetry, or why that is not said.
    pub(crate) versus: String,
}

impl Headline {
    pub(crate) fn lines(self) -> [String; 3] {
        [self.learned, self.share, self.versus]
    }
}

pub(crate) fn headline(found: &Overview) -> Headline {
    Headline {
        learned: learned(found),
        share: share(found),
        versus: versus(found),
    }
}

/// The arms that have learned and those that have not, each with its loss over that of predicting zero.
fn learned(found: &Overview) -> String {
    let known = |arm: &ArmSummary| Some((arm.arm.clone(), arm.figures.as_ref()?.of_zero?));
    let mut shares: Vec<(String, f64)> = found.arms.iter().filter_map(known).collect();
    shares.sort_by(|a, b| a.1.total_cmp(&b.1));
    let Some(yardstick) = found.yardstick() else {
        return "Nothing says whether an arm has learned: no record holds the loss of predicting zero.".into();
    };
    let range = |arms: &[(String, f64)]| {
        let end = |(arm, share): &(String, f64)| format!("{} ({arm})", significant(*share, 2));
        match arms {
            [first, .., last] => format!("{} to {}", end(first), end(last)),
            [only] => end(only),
            [] => String::new(),
        }
    };
    let all = shares.len();
    let (has, has_not): (Vec<_>, Vec<_>) = shares
        .into_iter()
        .partition(|(_, share)| yardstick.not_learned(*share, Some(1.0)).is_none());
    match (&has[..], &has_not[..]) {
        ([], none) => format!(
            "No arm has learned: loss over that of zero {}.",
            range(none)
        ),
        (some, []) if all > 1 => {
            format!(
                "Every arm has learned: loss over that of zero {}.",
                range(some)
            )
        }
        (some, []) => format!(
            "The arm has learned: loss over that of zero {}.",
            range(some)
        ),
        (some, others) => format!(
            "Learned: {} of {all} arms, loss over that of zero {}. Learned little, so that a percentage \
             says little: {}.",
            some.len(),
            range(some),
            range(others)
        ),
    }
}

fn share(found: &Overview) -> String {
    let Some((arm, figures)) = found.best(false) else {
        return match found.best(true) {
            Some((exact, figures)) => format!(
                "Every arm is exactly equivariant; the lowest loss is {} ({}).",
                significant(figures.total.loss.value, 4),
                exact.arm
            ),
            None => "No arm has a record.".into(),
        };
    };
    let percent = &figures.total.percent;
    let interval = match range(percent.interval, 3) {
        range if range == NONE => format!("no interval, {} molecules", figures.molecules),
        range => format!("95 % interval {range}"),
    };
    format!(
        "After {} steps, {} % ({interval}) of the loss of {} is imperfect rotation symmetry.{}",
        count(figures.steps),
        significant(percent.value, 3),
        arm.arm,
        little(found, figures)
    )
}

/// What must be read beside the percentage of an arm that has not learned.
fn little(found: &Overview, figures: &Figures) -> String {
    let share = figures.of_zero;
    let Some((yardstick, share)) = found.yardstick().zip(share) else {
        return String::new();
    };
    match yardstick.not_learned(share, Some(1.0)) {
        None => String::new(),
        Some(_) => format!(
            " Its loss is {} times that of predicting zero: it has learned little, and a percentage of \
             what it has learned says little.",
            significant(share, 3)
        ),
    }
}

fn versus(found: &Overview) -> String {
    let no = |why: &str| format!("No statement at equal device seconds: {why}.");
    let (Some((plain, _)), exact) = (found.best(false), found.best(true)) else {
        return no("no arm without exact symmetry has a record");
    };
    let Some((exact, _)) = exact else {
        return no("no arm with exact symmetry has a record");
    };
    match found.pair(&plain.arm, &exact.arm).map(|pair| &pair.versus) {
        Some(Ok(pair)) => equal_time(pair),
        Some(Err(refusal)) => no(&format!("{} against {}: {refusal}", plain.arm, exact.arm)),
        None => no("the two were not compared"),
    }
}

fn equal_time(pair: &Versus) -> String {
    let Versus { plain, exact, .. } = pair;
    let start = format!(
        "At {} s of device time the loss of {plain} is {} times that of {exact}",
        significant(pair.seconds, 3),
        significant(pair.ratio.value, 3),
    );
    let beside = words::in_brackets(pair);
    match pair.verdict {
        Verdict::NoInterval => format!(
            "{start}; {}, so neither is called better{beside}.",
            words::no_interval(pair.seeds).replace(':', ",")
        ),
        verdict => {
            let holds = Verdict::of(&pair.ratio, 1.0) == Verdict::Undecided;
            let words = match verdict {
                Verdict::Lower => format!("{plain} is better"),
                Verdict::Higher => format!("{exact} is better"),
                _ if holds => "the interval holds equality, so neither is called better".into(),
                _ => "neither is called better".into(),
            };
            format!(
                "{start} (95 % interval {}): {words}{beside}.",
                range(pair.ratio.interval, 3)
            )
        }
    }
}
