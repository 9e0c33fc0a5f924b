//! Augmented against equivariant arms on the axis of device seconds.

use twirl_compare::{ArmRuns, AtEqualFlops, Versus, versus};
use twirl_record::Training;
use twirl_report::{Chart, Columns, Curves, Table, in_brackets, range, significant};

use crate::budgets::RequiredSection;
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::learned::learned_rule;
use crate::outcome::{Finding, Outcome};
use crate::runs::RunBudget;
use crate::setup::ArmSetup;
use crate::studies::equal_cost::{Compared, zero};
use crate::studies::inference::{self, Predicted};
use crate::studies::ladder::{self, Sized};
use crate::studies::percent::search_at_edge;
use crate::study::{Card, Study};

/// Augmented against equivariant arms.
pub(crate) struct PerHour;

/// A pair of arms of a task.
struct Pair<'a> {
    plain: &'a ArmRuns,
    exact: &'a ArmRuns,
    versus: Versus,
}

impl Pair<'_> {
    fn at_flops(&self) -> Result<&AtEqualFlops, String> {
        let equal = self.versus.at_equal_flops.as_ref();
        equal.map_err(ToString::to_string)
    }

    /// What forbids to call either arm better.
    fn forbidden(&self, context: &StudyContext<'_>) -> Result<Vec<String>, StudyError> {
        let mut reasons = Vec::new();
        let losses = [self.versus.plain_loss, self.versus.exact_loss];
        for (arm, loss) in [self.plain, self.exact].into_iter().zip(losses) {
            let own = context.yardstick(arm)?.not_learned(loss, zero(arm));
            let own = own.into_iter().chain(search_at_edge(arm));
            reasons.extend(own.map(|reason| format!("{}: {reason}", arm.arm)));
        }
        Ok(reasons)
    }

    fn finding(&self, context: &StudyContext<'_>) -> Result<Finding, StudyError> {
        let pair = &self.versus;
        let share = |arm: &ArmRuns, loss: f64| {
            let share = zero(arm).map_or(f64::NAN, |zero| loss / zero);
            format!("{} L/L0 {}", arm.arm, significant(share, 3))
        };
        let figures = format!(
            "loss ratio {} ({}) at {} s, of which {} % is L_equiv{}, {}, {}, {} and {} seeds",
            significant(pair.ratio.value, 3),
            range(pair.ratio.interval, 3),
            significant(pair.seconds, 3),
            significant(pair.equiv_share.value, 3),
            in_brackets(pair),
            share(self.plain, pair.plain_loss),
            share(self.exact, pair.exact_loss),
            pair.seeds[0],
            pair.seeds[1],
        );
        let place = format!("{}: {} against {}", self.plain.task, pair.plain, pair.exact);
        let compared = Compared {
            ratio: pair.ratio,
            seeds: pair.seeds[0].min(pair.seeds[1]),
            verdict: pair.verdict,
        };
        Ok(compared.finding(&place, figures, self.forbidden(context)?, context))
    }
}

/// A loss of a run at a device time.
struct TimedLoss<'a> {
    task: &'a str,
    arm: String,
    seed: String,
    seconds: f64,
    loss: f64,
}

const CARD: Card = Card {
    name: "per-hour",
    about: "augmented against equivariant arms at equal device time",
    claim: "at equal device time an augmented arm has the lower loss",
    rule: concat!(
        "per pair of arms: supported if the 95 % interval over seeds and molecules of (augmented loss / \
         equivariant loss) at the largest common device time lies below 1; not supported if above 1; \
         undecided otherwise, with fewer than 3 seeds, with a failed seed, where a learning rate is yet \
         to fall at that time or lies at an edge of its grid, and on a CPU, from which there is no \
         statement per GPU-hour. ",
        learned_rule!()
    ),
    needs_f64: false,
    sections: &[RequiredSection::of::<RunBudget>()],
};

/// The augmented and equivariant arms, each as it is or in the sizes of the ladder that it has, which are
/// named beside it.
type Setups = (Vec<Option<String>>, Vec<ArmSetup>);

fn setups(context: &StudyContext<'_>) -> Result<Setups, StudyError> {
    let mut setups = Setups::default();
    for training in [Training::Augmented, Training::Equivariant] {
        for setup in context.run_arms(training, usize::MAX)? {
            let ladder = context.run_budget(&setup.job.task)?.ladder;
            let known = setup.entry.sizes();
            let known = known.map_err(StudyError::settings(setup.place()))?;
            let has = |size: &&String| known.iter().any(|(name, _)| name == size);
            let sizes: Vec<&String> = ladder.iter().filter(has).collect();
            for size in &sizes {
                setups.0.push(Some((*size).clone()));
                setups.1.push(setup.sized(size)?);
            }
            if sizes.is_empty() {
                setups.0.push(None);
                setups.1.push(setup);
            }
        }
    }
    Ok(setups)
}

impl Study for PerHour {
    fn card(&self) -> &Card {
        &CARD
    }

    fn run(
        &self,
        context: &StudyContext<'_>,
        cells: &mut Cells<'_>,
    ) -> Result<Outcome, StudyError> {
        let (sizes, setups) = setups(context)?;
        let what = |place: usize| sizes[place].as_deref().unwrap_or("run");
        let arms = context.train(cells, setups, what, |task| context.run_seeds(task))?;
        let mut costs = Vec::new();
        for ((setup, _), size) in arms.iter().zip(&sizes) {
            costs.push(inference::cost(context, cells, setup, size.as_deref())?);
        }
        let mut outcome = Outcome::default();
        let mut predicted = Vec::new();
        let (mut plain, mut exact, mut sized) = (Vec::new(), Vec::new(), Vec::new());
        for (((setup, arm), size), cost) in arms.iter().zip(&sizes).zip(&costs) {
            let training = setup.entry.training;
            predicted.extend(arm.iter().map(|runs| Predicted {
                size: size.as_deref(),
                training,
                runs,
                cost: cost.as_ref(),
            }));
            match (arm, size) {
                (Err(why), None) => outcome.gap(setup.place(), why),
                (Err(why), Some(size)) => outcome.gap(format!("{} {size}", setup.place()), why),
                (Ok(runs), Some(size)) => sized.push(Sized {
                    size,
                    training,
                    runs,
                }),
                (Ok(arm), None) if training == Training::Equivariant => exact.push(arm),
                (Ok(arm), None) => plain.push(arm),
            }
        }
        ladder::compare(&sized, context, &mut outcome)?;
        let mut pairs = Vec::new();
        for exact in &exact {
            for plain in plain.iter().filter(|plain| plain.task == exact.task) {
                let task = &exact.task;
                match versus(plain, exact) {
                    Ok(versus) => pairs.push(Pair {
                        plain,
                        exact,
                        versus,
                    }),
                    Err(why) => {
                        outcome.gap(
                            format!("{task}: {} against {}", plain.arm, exact.arm),
                            why.to_string(),
                        );
                    }
                }
            }
        }
        for pair in &pairs {
            outcome.findings.push(pair.finding(context)?);
        }
        let of_arm = plain
            .into_iter()
            .chain(exact)
            .map(|arm| (arm.arm.clone(), arm));
        let of_size = sized.iter().map(|one| {
            let name = format!("{} {}", one.runs.arm, one.size);
            (name, one.runs)
        });
        let curves = losses(of_arm.chain(of_size));
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
        if !pairs.is_empty() {
            outcome.tables.push(pair_table(&pairs));
        }
        outcome.tables.push(curves);
        inference::compare(&predicted, &mut outcome);
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

fn pair_table(pairs: &[Pair<'_>]) -> Table {
    let title = "Loss at equal device time, device time to equal loss, break-even";
    let mut columns = Columns::new("pairs", title, pairs);
    columns.label("task", |pair| &pair.plain.task);
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
        Ok::<_, String>(pair.at_flops()?.flops)
    });
    tera.shown_per(1e12);
    columns.estimate(("loss ratio there", "ratio_at_flops"), |pair| {
        Ok::<_, String>(pair.at_flops()?.ratio)
    });
    columns.table()
}

/// Loss against device seconds of every seed of every arm.
fn losses<'a>(arms: impl Iterator<Item = (String, &'a ArmRuns)>) -> Table {
    let mut points = Vec::new();
    for (name, arm) in arms {
        for run in arm.counted() {
            let seed = run.manifest.job.seed.to_string();
            let records = run.records.iter();
            let timed = records.filter(|record| record.device_seconds > 0.0);
            points.extend(timed.map(|record| TimedLoss {
                task: &arm.task,
                arm: name.clone(),
                seed: seed.clone(),
                seconds: record.device_seconds,
                loss: record.split.loss,
            }));
        }
    }
    let mut columns = Columns::data("data", &points);
    columns.label("task", |point| point.task);
    columns.label("arm", |point| &point.arm);
    columns.label("seed", |point| &point.seed);
    columns
        .real("device seconds", |point| point.seconds)
        .unit("s");
    columns.real("loss", |point| point.loss);
    columns.table()
}
