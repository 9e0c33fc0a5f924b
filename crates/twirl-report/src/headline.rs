//! What a task's figures say, in sentences.

use twirl_compare::{ArmSummary, Figures, Overview, Verdict, Versus};

use crate::number::{NONE, count, range, significant};
use crate::words;

/// One or two sentences: the best arm without exact symmetry, controls aside, and how it stands
/// against the best with it.
pub(crate) fn headline(found: &Overview) -> Vec<String> {
    let mut lines = Vec::new();
    let exact = found.best(true);
    if let Some((arm, figures)) = found.best(false) {
        lines.push(share(arm, figures));
        lines.extend(figures.of_zero.filter(|share| *share > LEARNED).map(little));
        let pair = exact.and_then(|(exact, _)| found.pair(&arm.arm, &exact.arm));
        lines.extend(
            pair.and_then(|pair| pair.versus.as_ref().ok())
                .map(equal_time),
        );
    } else if let Some((arm, figures)) = exact {
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
