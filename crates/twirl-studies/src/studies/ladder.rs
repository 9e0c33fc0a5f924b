//! Arms in several sizes each: their lower envelopes at equal device seconds, operations and steps.

use twirl_compare::{ArmRuns, AtEqualCost, Cost, Envelopes, Ladder};
use twirl_record::Training;
use twirl_report::{Columns, Table, range, significant};

use super::equal_cost::{Compared, zero};
use super::percent::search_at_edge;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::outcome::{Finding, Outcome};

/// An arm in one of its sizes.
pub(super) struct Sized<'a> {
    pub(super) size: &'a str,
    pub(super) training: Training,
    pub(super) runs: &'a ArmRuns,
}

/// Shares of the largest common cost at which envelopes are compared; the verdict is of the first.
const SHARES: [f64; 3] = [1.0, 0.3, 0.1];

/// Costs with what they are called.
const COSTS: [(Cost, &str); 4] = [
    (Cost::DeviceSeconds, "device seconds"),
    (Cost::ProcessorSeconds, "processor seconds"),
    (Cost::ModelFlops, "FLOP"),
    (Cost::Steps, "steps"),
];

/// A row of the table.
struct Row<'a> {
    pair: [&'a Ladder<'a>; 2],
    task: &'a str,
    cost: &'static str,
    at: AtEqualCost,
}

/// Compares the ladder of every augmented arm with that of every equivariant one.
pub(super) fn compare(
    sized: &[Sized<'_>],
    context: &StudyContext<'_>,
    outcome: &mut Outcome,
) -> Result<(), StudyError> {
    let mut all: Vec<(&str, Training, Ladder<'_>)> = Vec::new();
    for one in sized {
        let size = (one.size, one.runs);
        let same = |(task, _, ladder): &&mut (&str, Training, Ladder<'_>)| {
            *task == one.runs.task && ladder.arm == one.runs.arm
        };
        match all.iter_mut().find(same) {
            Some((_, _, ladder)) => ladder.sizes.push(size),
            None => all.push((
                &one.runs.task,
                one.training,
                Ladder {
                    arm: &one.runs.arm,
                    sizes: vec![size],
                },
            )),
        }
    }
    let exact = |training: Training| training == Training::Equivariant;
    let mut rows = Vec::new();
    for (task, _, plain) in all.iter().filter(|(_, training, _)| !exact(*training)) {
        let others = all.iter().filter(|(_, training, _)| exact(*training));
        for (_, _, exact) in others.filter(|(other, _, _)| other == task) {
            let place = format!("{task}: {} against {}, envelopes", plain.arm, exact.arm);
            // Beside another device the processor's time is none of the model's.
            let cpu = context.device.name == "cpu";
            let costs = COSTS.iter().copied();
            for (cost, name) in costs.filter(|(cost, _)| cpu || *cost != Cost::ProcessorSeconds) {
                let envelopes = Envelopes::of(plain, exact, cost);
                for share in SHARES {
                    let at = envelopes.as_ref().map_err(Clone::clone);
                    match at.and_then(|envelopes| envelopes.at(share)) {
                        Ok(at) => {
                            if (cost, share) == (Cost::DeviceSeconds, SHARES[0]) {
                                let found = finding(&place, [plain, exact], &at, context)?;
                                outcome.findings.push(found);
                            }
                            rows.push(Row {
                                pair: [plain, exact],
                                task,
                                cost: name,
                                at,
                            });
                        }
                        Err(why) => outcome.gap(format!("{place}, {name}"), why.to_string()),
                    }
                }
            }
        }
    }
    if !rows.is_empty() {
        outcome.tables.push(table(&rows));
    }
    Ok(())
}

fn finding(
    place: &str,
    pair: [&Ladder<'_>; 2],
    at: &AtEqualCost,
    context: &StudyContext<'_>,
) -> Result<Finding, StudyError> {
    let figures = format!(
        "lowest losses {} of {} and {} of {} at {} device seconds, ratio {} ({})",
        significant(at.losses[0], 3),
        at.sizes[0],
        significant(at.losses[1], 3),
        at.sizes[1],
        significant(at.cost, 3),
        significant(at.ratio.value, 3),
        range(at.ratio.interval, 3),
    );
    let runs = pair.iter().flat_map(|ladder| &ladder.sizes);
    let seeds = runs.map(|(_, arm)| arm.counted().len()).min().unwrap_or(0);
    let mut reasons = Vec::new();
    for (ladder, (size, loss)) in pair.iter().zip(at.sizes.iter().zip(at.losses)) {
        for (name, arm) in &ladder.sizes {
            let edge = search_at_edge(arm);
            reasons.extend(edge.map(|edge| format!("{} {name}: {edge}", ladder.arm)));
        }
        let best = ladder.sizes.iter().find(|(name, _)| name == size);
        let Some((_, arm)) = best else { continue };
        let learned = context.yardstick(arm)?.not_learned(loss, zero(arm));
        reasons.extend(learned.map(|reason| format!("{} {size}: {reason}", ladder.arm)));
    }
    let compared = Compared {
        ratio: at.ratio,
        seeds,
        verdict: at.verdict,
    };
    Ok(compared.finding(place, figures, reasons, context))
}

fn table(rows: &[Row<'_>]) -> Table {
    let title = "Lower envelopes over sizes at equal cost";
    let mut columns = Columns::new("envelopes", title, rows);
    columns.label("task", |row| row.task);
    columns.label("augmented", |row| row.pair[0].arm);
    columns.label("equivariant", |row| row.pair[1].arm);
    columns.label("cost", |row| row.cost);
    columns.real(("at", "at"), |row| row.at.cost);
    columns.estimate(("loss ratio", "ratio"), |row| row.at.ratio);
    let heading = ("break-even", "break_even");
    columns.reach(heading, "break_even_factor", |row| row.at.break_even);
    columns.label("augmented size", |row| &row.at.sizes[0]);
    columns.label("equivariant size", |row| &row.at.sizes[1]);
    columns.table()
}

#[cfg(test)]
mod tests {
    use twirl_compare::{Reach, Verdict};
    use twirl_record::ScheduleKind;

    use super::super::synthetic::{Synthetic, trained};
    use super::*;

    /// Losses `scale / time^power` at some times, for three seeds.
    fn law(scale: f64, power: f64, times: &[u64], edge: bool) -> ArmRuns {
        let point = |&step: &u64| Synthetic {
            step,
            loss: scale / (step as f64).powf(power),
            edge,
            ..Synthetic::ONE
        };
        let seed: Vec<Synthetic> = times.iter().map(point).collect();
        let mut arm = trained(&[seed.clone(), seed.clone(), seed]).arm;
        for run in &mut arm.runs {
            // A rate that is yet to fall forbids a verdict too.
            run.manifest.job.train.schedule.kind = ScheduleKind::Constant;
        }
        arm
    }

    fn of<'a>(sizes: &[(&'a str, &'a ArmRuns)]) -> Ladder<'a> {
        Ladder {
            arm: "an-arm",
            sizes: sizes.to_vec(),
        }
    }

    #[test]
    fn at_every_cost_the_lowest_size_counts() {
        let (small, large) = (
            law(4.0, 0.5, &[1, 10, 30], false),
            law(8.0, 1.0, &[1, 10, 100], false),
        );
        let exact = law(16.0, 1.0, &[1, 10, 100], false);
        let plain = of(&[("small", &small), ("large", &large)]);
        let exact = of(&[("only", &exact)]);
        let envelopes = Envelopes::of(&plain, &exact, Cost::DeviceSeconds).expect("comparable");
        let at = |share| envelopes.at(share).expect("curves");
        // The small one has ended at 30 and keeps 4 / sqrt(30); 8 / 100 is lower.
        let end = at(1.0);
        assert!((end.cost / 100.0 - 1.0).abs() < 1e-9);
        assert_eq!(end.sizes, ["large", "only"].map(String::from));
        assert!((end.ratio.value - 0.5).abs() < 1e-9, "{end:?}");
        let early = at(0.03);
        assert_eq!(early.sizes[0], "small");
        let expected = 4.0 / 3.0_f64.sqrt() / (16.0 / 3.0);
        assert!((early.ratio.value - expected).abs() < 1e-9, "{early:?}");
        // 16 / t is 4 / sqrt(3) at t = 4 sqrt(3), and never 0.08.
        let Reach::At(factor) = early.break_even.value else {
            panic!("reached: {early:?}")
        };
        assert!((factor - 4.0 / 3.0_f64.sqrt()).abs() < 1e-9, "{early:?}");
        assert!(
            matches!(end.break_even.value, Reach::Never { after } if (after - 1.0).abs() < 1e-9)
        );
    }

    #[test]
    fn an_edge_of_any_size_forbids_a_verdict() {
        let good = law(8.0, 1.0, &[1, 10, 100], false);
        let (edge, exact) = (
            law(9.0, 1.0, &[1, 10, 100], true),
            law(16.0, 1.0, &[1, 10, 100], false),
        );
        let exact = of(&[("only", &exact)]);
        let verdict = |plain: &Ladder<'_>| {
            let envelopes = Envelopes::of(plain, &exact, Cost::Steps).expect("comparable");
            let at = envelopes.at(1.0).expect("curves");
            (at.ratio.value, at.verdict)
        };
        let (free, lower) = verdict(&of(&[("good", &good)]));
        let (held, undecided) = verdict(&of(&[("good", &good), ("edge", &edge)]));
        assert!((free - held).abs() < 1e-12);
        assert_eq!([lower, undecided], [Verdict::Lower, Verdict::Undecided]);
    }
}
