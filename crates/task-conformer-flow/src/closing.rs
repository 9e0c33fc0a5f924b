//! Figures of a finished model: conformers of held-out molecules, and how the sampler turns.

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::tensor::Device;
use twirl_core::{
    CoreError, Design, Loss, Molecule, Purpose, Stream, Symmetry, Tally, measure_molecule,
};
use twirl_data::Split;
use twirl_harness::{Arm, Closing, Figure, Task, TaskError};

use crate::automorphism::Automorphisms;
use crate::quality::{AUTOMORPHISM_LIMIT, BondLengths, Judged, figures};
use crate::sampler::{Plan, sample, start};
use crate::{ConformerFlow, Topology, baseline};

/// Rotations at which a trajectory is compared with itself: the fewest with an unbiased estimate.
const ROTATIONS: usize = 2;

/// Positions of a molecule's atoms, angstrom.
type Positions = Vec<[f64; 3]>;

/// A held-out molecule.
struct HeldOut {
    molecule: usize,
    topology: Arc<Topology>,
    automorphisms: Automorphisms,
    known: Vec<Positions>,
}

/// The figures of [`Task::closing`].
pub(crate) fn closing<A: Arm<ConformerFlow>>(
    task: &ConformerFlow,
    model: &A,
    seed: u64,
    device: &Device,
) -> Result<Closing, TaskError> {
    let config = task.config();
    if config.closing_molecules == 0 {
        return Ok(Closing::default());
    }
    let held_out = held_out(task);
    let lengths = BondLengths::of(task.data());
    let plan = Plan {
        method: config.closing_method,
        steps: config.closing_steps,
    };
    let count = config.closing_samples;
    let sources: Vec<(&Topology, Positions)> = held_out
        .iter()
        .flat_map(|entry| (0..count as u64).map(move |number| (entry, number)))
        .map(|(entry, number)| {
            let topology = entry.topology.as_ref();
            let source = start(task, topology, seed, [entry.molecule as u64, number]);
            (topology, source)
        })
        .collect();
    let made = sample(task, model, &sources, plan, device)?;
    let judge = |made: &[&[Positions]]| {
        let judged: Vec<Judged<'_>> = held_out
            .iter()
            .zip(made)
            .map(|(entry, made)| Judged {
                molecule: entry.molecule,
                topology: &entry.topology,
                automorphisms: &entry.automorphisms,
                known: &entry.known,
                made,
            })
            .collect();
        figures(&judged, &lengths, seed)
    };
    let mut own = judge(&made.chunks(count).collect::<Vec<_>>())?;
    own.extend(trajectories(task, model, &held_out, plan, seed, device)?);

    let mut baselines = BTreeMap::new();
    let drawn: Vec<Positions> = sources.into_iter().map(|(_, source)| source).collect();
    let random = judge(&drawn.chunks(count).collect::<Vec<_>>())?;
    baselines.insert("random geometry".to_owned(), random);
    let embedded = baseline::conformers(task.data()).unwrap_or_default();
    let rdkit: Option<Vec<&[Positions]>> = held_out
        .iter()
        .map(|entry| {
            let smiles = task.data().molecules()[entry.molecule].smiles.as_ref()?;
            let conformers = embedded.get(smiles)?;
            Some(&conformers[..count.min(conformers.len())])
        })
        .collect();
    if let Some(rdkit) = rdkit {
        // Coverage grows with the number of samples, so a smaller number is said.
        let fewest = rdkit.iter().map(|made| made.len()).min().unwrap_or(0);
        let name = if fewest < count {
            format!("RDKit, {fewest} samples")
        } else {
            "RDKit".to_owned()
        };
        baselines.insert(name, judge(&rdkit)?);
    }
    Ok(Closing {
        figures: own,
        baselines,
        pictures: Vec::new(),
    })
}

/// Test molecules, evenly spaced, with all their test conformers.
fn held_out(task: &ConformerFlow) -> Vec<HeldOut> {
    let data = task.data();
    let mut known: BTreeMap<usize, Vec<Positions>> = BTreeMap::new();
    for &item in data.split(Split::Test) {
        known
            .entry(data.molecule(item))
            .or_default()
            .push(task.conformer(item));
    }
    let all: Vec<_> = known.into_iter().collect();
    let wanted = task.config().closing_molecules.min(all.len());
    (0..wanted)
        .map(|index| {
            let (molecule, known) = all[index * all.len() / wanted].clone();
            let topology = task.topology(molecule);
            HeldOut {
                molecule,
                automorphisms: Automorphisms::of(&topology, AUTOMORPHISM_LIMIT),
                topology,
                known,
            }
        })
        .collect()
}

/// Whole trajectories from the same source at independent rotations, end points turned back: the
/// equivariance error of the sampler as one map, which is not that of one step.
fn trajectories<A: Arm<ConformerFlow>>(
    task: &ConformerFlow,
    model: &A,
    held_out: &[HeldOut],
    plan: Plan,
    seed: u64,
    device: &Device,
) -> Result<BTreeMap<String, Figure>, TaskError> {
    let design = Design::Iid {
        rotations: ROTATIONS,
    };
    let refuse = |error: CoreError| {
        TaskError::setting(
            "closing_molecules",
            error.to_string(),
            "give more held-out molecules, or closing_molecules = 0",
        )
    };
    let mut turns = Vec::new();
    let mut sources = Vec::new();
    for entry in held_out {
        let number = [entry.molecule as u64, u64::MAX];
        let source = start(task, &entry.topology, seed, number);
        let mut stream = Stream::new(seed, Purpose::Evaluate, number);
        for turn in design.draw(&mut stream, Symmetry::So3).map_err(refuse)? {
            let turned: Vec<_> = source.iter().map(|place| turn.apply(*place)).collect();
            sources.push((entry.topology.as_ref(), turned));
            turns.push(turn.inverse());
        }
    }
    let ends = sample(task, model, &sources, plan, device)?;
    let mut tally = Tally::new(Tally::REPLICATES, seed, 2).map_err(refuse)?;
    for (entry, (ends, turns)) in held_out
        .iter()
        .zip(ends.chunks(ROTATIONS).zip(turns.chunks(ROTATIONS)))
    {
        let values: Vec<f64> = ends
            .iter()
            .zip(turns)
            .flat_map(|(end, back)| end.iter().flat_map(|place| back.apply(*place)))
            .collect();
        let atoms = entry.topology.atoms();
        let weights = vec![1.0 / atoms as f64; atoms];
        let ends = Molecule {
            predictions: &values,
            target: &vec![0.0; values.len() / ROTATIONS],
            weights: &weights,
            dim: 3,
            rotations: None,
        };
        let figures = measure_molecule(&design, Symmetry::So3, Loss::Squared, &ends, 0);
        let figures = figures.map_err(refuse)?;
        let values = [figures.squared.equiv, figures.size];
        tally
            .add(entry.molecule as u64, 1.0, &values)
            .map_err(refuse)?;
    }
    let (equiv, size) = (
        tally.mean(0).map_err(refuse)?,
        tally.mean(1).map_err(refuse)?,
    );
    let ends = |found: Result<twirl_core::Interval, CoreError>| match found {
        Ok(found) => Ok((Some(found.low), Some(found.high))),
        Err(CoreError::TooFewMolecules { .. }) => Ok((None, None)),
        Err(error) => Err(refuse(error)),
    };
    let figure = |value, (low, high), unit: &str| Figure {
        value,
        low,
        high,
        unit: unit.to_owned(),
    };
    Ok(BTreeMap::from([
        (
            "trajectory-equiv".to_owned(),
            figure(equiv, ends(tally.interval(0))?, "A^2 per atom"),
        ),
        (
            "trajectory-equiv-relative".to_owned(),
            figure(
                equiv / size,
                ends(tally.ratio(0, 1))?,
                "of the mean squared size",
            ),
        ),
    ]))
}
