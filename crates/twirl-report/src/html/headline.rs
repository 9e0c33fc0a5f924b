//! What a task's figures say, in sentences.

use crate::number::{NONE, count, range, significant};
use crate::summary::{ArmSummary, Figures};
use crate::tables::seeds_text;
use crate::versus::{Verdict, Versus};

type Pairs = [(String, String, Result<Versus, String>)];

/// One or two sentences: the best arm without exact symmetry, controls aside, and how it stands
/// against the best with it.
pub(crate) fn headline(arms: &[ArmSummary], pairs: &Pairs) -> Vec<String> {
    // A control is no contender: its name is another arm's with a variant.
    let is_control = |arm: &ArmSummary| {
        let of = |base: &ArmSummary| arm.arm.strip_prefix(&base.arm);
        arms.iter()
            .any(|base| of(base).is_some_and(|rest| rest.starts_with('-')))
    };
    let best = |exact: bool| {
        arms.iter()
            .filter(|arm| arm.exact == exact && !is_control(arm))
            .filter_map(|arm| arm.figures.as_ref().map(|figures| (arm, figures)))
            .min_by(|a, b| a.1.total.loss.value.total_cmp(&b.1.total.loss.value))
    };
    let mut lines = Vec::new();
    if let Some((arm, figures)) = best(false) {
        lines.push(share(arm, figures));
        lines.extend(figures.of_zero.filter(|share| *share > LEARNED).map(little));
        let pair = best(true).and_then(|(exact, _)| {
            pairs
                .iter()
                .find(|pair| pair.0 == arm.arm && pair.1 == exact.arm)
        });
        lines.extend(pair.and_then(|pair| pair.2.as_ref().ok()).map(equal_time));
    } else if let Some((arm, figures)) = best(true) {
        lines.push(format!(
            "Every arm is exactly equivariant; the lowest loss is {} ({}).",
            significant(figures.total.loss.value, 4),
            arm.arm
        ));
    }
    lines
}

/// Above this share of the loss of predicting zero a model is said to have learned little.
const LEARNED: f64 = 0.5;

fn little(share: f64) -> String {
    format!(
        "Its loss is {} times that of predicting zero: it has learned little, and a percentage of \
         what it has learned says little.",
        significant(share, 3)
    )
}

fn share(arm: &ArmSummary, figures: &Figures) -> String {
    let percent = &figures.total.percent;
    let interval = match range(percent.interval, 3) {
        range if range == NONE => String::new(),
        range => format!(" (95 % interval {range})"),
    };
    format!(
        "After {} steps, {} %{interval} of the loss of {} is imperfect rotation symmetry.",
        count(figures.steps),
        significant(percent.value, 3),
        arm.arm,
    )
}

fn equal_time(pair: &Versus) -> String {
    let Versus { plain, exact, .. } = pair;
    let start = format!(
        "At {} s of device time its loss is {} times that of {exact}",
        significant(pair.seconds, 3),
        significant(pair.ratio.value, 3),
    );
    let beside = pair.beside();
    match pair.verdict {
        Verdict::NoInterval => format!(
            "{start}; {}, so neither is called better{beside}.",
            seeds_text(pair.seeds).replace(':', ",")
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
