//! Augmented against equivariant arms on the axis of device seconds.

use twirl_record::Training;
use twirl_report::{ArmRuns, AtEqualFlops, Chart, Verdict, Versus, range, significant, versus};

use crate::budgets::RequiredSection;
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::judgement::Judgement;
use crate::outcome::{Finding, Outcome};
use crate::runs::RunBudget;
use crate::study::{Card, Study};
use twirl_report::Curves;
use twirl_report::{Columns, Table};

/// Augmented against equivariant arms.
pub(crate) struct PerHour;

/// A pair of arms of a task.
struct Pair {
    task: String,
    versus: Versus,
}

impl Pair {
    fn at_flops(&self) -> Result<&AtEqualFlops, &str> {
        self.versus.at_equal_flops.as_ref().map_err(String::as_str)
    }

    fn finding(&self) -> Finding {
        let pair = &self.versus;
        Finding {
            place: format!("{}: {} against {}", self.task, pair.plain, pair.exact),
            judgement: match pair.verdict {
                Verdict::Lower => Judgement::Supported,
                Verdict::Higher => Judgement::NotSupported,
                Verdict::Undecided | Verdict::NoInterval => Judgement::Undecided,
            },
            figures: format!(
                "loss ratio {} ({}) at {} s, of which {} % is L_equiv{}",
                significant(pair.ratio.value, 3),
                range(pair.ratio.interval, 3),
                significant(pair.seconds, 3),
                significant(pair.equiv_share.value, 3),
                pair.beside(),
            ),
        }
    }
}

/// A loss of a run at a device time.
struct TimedLoss<'a> {
    task: &'a str,
    arm: &'a str,
    seed: String,
    seconds: f64,
    loss: f64,
}

const CARD: Card = Card {
    name: "per-hour",
    about: "augmented against equivariant arms at equal device time",
    claim: "at equal device time an augmented arm has the lower loss",
    rule: "per pair of arms: supported if the 95 % interval over seeds and molecules of (augmented \
         loss / equivariant loss) at the largest common device time lies below 1; not supported if \
         above 1; undecided otherwise, with fewer than 3 seeds, with a failed seed, and where a \
         learning rate is yet to fall at that time",
    needs_f64: false,
    sections: &[RequiredSection::of::<RunBudget>()],
};

impl Study for PerHour {
    fn card(&self) -> &Card {
        &CARD
    }

    fn run(
        &self,
        context: &StudyContext<'_>,
        cells: &mut Cells<'_>,
    ) -> Result<Outcome, StudyError> {
        let mut setups = context.run_arms(Training::Augmented, usize::MAX)?;
        setups.extend(context.run_arms(Training::Equivariant, usize::MAX)?);
        let arms = context.train(cells, setups, |task| context.run_seeds(task))?;
        let mut outcome = Outcome::default();
        let (mut plain, mut exact) = (Vec::new(), Vec::new());
        for (setup, arm) in &arms {
            match arm {
                Ok(arm) if setup.entry.training == Training::Equivariant => exact.push(arm),
                Ok(arm) => plain.push(arm),
                Err(why) => outcome.gap(setup.place(), why),
            }
        }
        let mut pairs = Vec::new();
        for exact in &exact {
            for plain in plain.iter().filter(|plain| plain.task == exact.task) {
                let task = &exact.task;
                match versus(plain, exact) {
                    Ok(versus) => pairs.push(Pair {
                        task: task.clone(),
                        versus,
                    }),
                    Err(why) => {
                        outcome.gap(format!("{task}: {} against {}", plain.arm, exact.arm), why);
                    }
                }
            }
        }
        outcome.findings.extend(pairs.iter().map(Pair::finding));
        let curves = losses(plain.into_iter().chain(exact));
        outcome.chart = Chart {
            title: "Held-out loss against device seconds".into(),
            description: "One line per arm and seed.".into(),
            x_label: "device seconds".into(),
            panels: curves.panels(&Curves {
                panel: &["task"],
                label: "loss",
                line: &["arm"],
                apart: &["seed"],
                x: "device_seconds",
                y: &["loss"],
            }),
            ..Chart::default()
        };
        outcome.tables = vec![pair_table(&pairs), curves];
        outcome.notes.push(
            "The learning rate of every arm is searched under the same budget of steps; the search \
             is off the clock. Break-even: how many times faster the equivariant arm would have to \
             be for equal losses; below 1 it could be slower. TFLOP are operations of the models in \
             training, whatever the device makes of them; the rule does not use them."
                .into(),
        );
        Ok(outcome)
    }
}

fn pair_table(pairs: &[Pair]) -> Table {
    let title = "Loss at equal device time, device time to equal loss, break-even";
    let mut columns = Columns::new("pairs", title, pairs);
    columns.label("task", |pair| &pair.task);
    columns.label("augmented", |pair| &pair.versus.plain);
    columns.label("equivariant", |pair| &pair.versus.exact);
    columns
        .real(("at s", "seconds"), |pair| pair.versus.seconds)
        .unit("s");
    columns.estimate(("loss ratio", "ratio"), |pair| pair.versus.ratio);
    let heading = ("s to its loss", "to_target");
    columns.reach(heading, "to_target_seconds", |pair| pair.versus.to_target);
    let heading = ("it took s", "exact_to_target");
    columns.reach(heading, "exact_to_target_seconds", |pair| {
        pair.versus.exact_to_target
    });
    let heading = ("break-even", "break_even");
    columns.reach(heading, "break_even_factor", |pair| pair.versus.break_even);
    let heading = ("L_equiv % of augmented loss", "equiv_percent");
    columns
        .estimate(heading, |pair| pair.versus.equiv_share)
        .value_only()
        .percentage();
    let tera = columns.real(("at TFLOP", "model_flops"), |pair| {
        Ok::<_, &str>(pair.at_flops()?.flops)
    });
    tera.shown_per(1e12);
    columns.estimate(("loss ratio there", "ratio_at_flops"), |pair| {
        Ok::<_, &str>(pair.at_flops()?.ratio)
    });
    columns.table()
}

/// Loss against device seconds of every seed of every arm.
fn losses<'a>(arms: impl Iterator<Item = &'a ArmRuns>) -> Table {
    let mut points = Vec::new();
    for arm in arms {
        for run in arm.counted() {
            let seed = run.manifest.job.seed.to_string();
            let records = run.records.iter();
            let timed = records.filter(|record| record.device_seconds > 0.0);
            points.extend(timed.map(|record| TimedLoss {
                task: &arm.task,
                arm: &arm.arm,
                seed: seed.clone(),
                seconds: record.device_seconds,
                loss: record.split.loss,
            }));
        }
    }
    let mut columns = Columns::data("data", &points);
    columns.label("task", |point| point.task);
    columns.label("arm", |point| point.arm);
    columns.label("seed", |point| &point.seed);
    columns
        .real("device seconds", |point| point.seconds)
        .unit("s");
    columns.real("loss", |point| point.loss);
    columns.table()
}
