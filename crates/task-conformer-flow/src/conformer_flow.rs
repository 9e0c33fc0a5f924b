//! The task on one data set.

use std::sync::{Arc, OnceLock};

use twirl_core::{Purpose, Stream};
use twirl_data::{DataSet, Split};
use twirl_harness::TaskError;

use crate::geometry::{aligned, centred};
use crate::schedule::{Flow, Moments, Prior};
use crate::topology::normals;
use crate::{FlowConfig, Topology};

/// Conformer generation by flow matching, on one data set.
#[derive(Debug)]
pub struct ConformerFlow {
    config: FlowConfig,
    pub(crate) flow: Flow,
    pub(crate) data: DataSet,
    pub(crate) moments: Moments,
    topologies: Vec<OnceLock<Arc<Topology>>>,
    /// A frame of every molecule, which has its atomic numbers.
    frames: Vec<usize>,
}

/// Source, noise and time of one sample.
pub(crate) struct Drawn {
    pub(crate) time: f64,
    pub(crate) source: Vec<[f64; 3]>,
    pub(crate) noise: Vec<[f64; 3]>,
}

/// Where a sample is on the flow, and what is to be predicted there.
pub(crate) struct Point {
    pub(crate) state: Vec<[f64; 3]>,
    pub(crate) target: Vec<[f64; 3]>,
}

impl ConformerFlow {
    pub(crate) fn new(config: &FlowConfig, data: &DataSet) -> Result<Self, TaskError> {
        let flow = config.flow()?;
        let frames = Self::check(config, &flow, data)?;
        let mut task = Self {
            config: config.clone(),
            flow,
            data: data.clone(),
            moments: Moments {
                source: 1.0,
                conformer: 1.0,
                cross: 0.0,
            },
            topologies: data.molecules().iter().map(|_| OnceLock::new()).collect(),
            frames,
        };
        task.moments = task.estimate_moments();
        if !(task.moments.conformer.is_finite() && task.moments.conformer > 0.0) {
            return Err(TaskError::data(
                data.name(),
                format!("mean square coordinate is {}", task.moments.conformer),
                "give conformers whose atoms are not all at one place",
            ));
        }
        Ok(task)
    }

    /// Settings.
    pub fn config(&self) -> &FlowConfig {
        &self.config
    }

    /// The flow that the settings stand for.
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// Second moments of source and conformer, by which networks are scaled.
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// The bond graph of a molecule of the data set.
    pub fn topology(&self, molecule: usize) -> Arc<Topology> {
        self.topologies[molecule]
            .get_or_init(|| {
                let species = self.data.atomic_numbers(self.frames[molecule]);
                Arc::new(Topology::new(
                    species,
                    &self.data.molecules()[molecule].bonds,
                ))
            })
            .clone()
    }

    /// The conformer of an item, centred.
    pub(crate) fn conformer(&self, item: usize) -> Vec<[f64; 3]> {
        centred(self.data.positions(item))
    }

    pub(crate) fn draw(
        &self,
        topology: &Topology,
        conformer: &[[f64; 3]],
        stream: &mut Stream,
    ) -> Drawn {
        let time = self.flow.time.draw(stream);
        let source = topology.source(self.flow.prior, self.flow.prior_scale, stream);
        let source = if self.flow.align {
            aligned(&source, conformer)
        } else {
            source
        };
        Drawn {
            time,
            source,
            noise: centred(&normals(topology.atoms(), 1.0, stream)),
        }
    }

    /// State and target of a conformer with what was drawn for it.
    pub(crate) fn point(&self, conformer: &[[f64; 3]], drawn: &Drawn) -> Point {
        let (time, spread) = (drawn.time, self.flow.noise(drawn.time));
        let (mut state, mut target) = (conformer.to_vec(), conformer.to_vec());
        let made = state.iter_mut().flatten().zip(target.iter_mut().flatten());
        let sources = drawn.source.iter().flatten();
        let sources = sources.zip(drawn.noise.iter().flatten());
        for ((state, target), (x0, z)) in made.zip(sources) {
            let x1 = *state;
            *state = (1.0 - time) * x0 + time * x1 + spread * z;
            *target = self.flow.target_of(time, *x0, x1, *z);
        }
        Point { state, target }
    }

    fn check(config: &FlowConfig, flow: &Flow, data: &DataSet) -> Result<Vec<usize>, TaskError> {
        let mut frames = vec![usize::MAX; data.molecules().len()];
        for frame in 0..data.len() {
            let first = &mut frames[data.molecule(frame)];
            if *first == usize::MAX {
                *first = frame;
            } else if data.atomic_numbers(*first) != data.atomic_numbers(frame) {
                return Err(TaskError::data(
                    data.name(),
                    format!("frames {first} and {frame} of one molecule differ in their atoms"),
                    "convert it with a script of data-scripts/, which puts atoms in one order",
                ));
            }
        }
        for (molecule, &frame) in data.molecules().iter().zip(&frames) {
            let species = data.atomic_numbers(frame);
            let name = molecule.smiles.as_deref().unwrap_or(&molecule.formula);
            if molecule.bonds.is_empty() && species.len() > 1 {
                return Err(TaskError::data(
                    data.name(),
                    format!("molecule {name} has no bonds"),
                    "conformer-flow needs them: convert the file with a script of data-scripts/ \
                     (convert_conformer_benchmark.py, convert_geom.py, convert_qm9.py)",
                ));
            }
            if flow.prior == Prior::Harmonic && !in_one_piece(species.len(), &molecule.bonds) {
                return Err(TaskError::data(
                    data.name(),
                    format!("molecule {name} is in pieces, so the harmonic prior is infinite"),
                    "remove it, or set prior = \"gaussian\"",
                ));
            }
        }
        if config.closing_molecules > 0 && data.split(Split::Test).is_empty() {
            return Err(TaskError::data(
                data.name(),
                "has no test part",
                "give one, or set closing_molecules = 0",
            ));
        }
        Ok(frames)
    }

    /// Moments of a coordinate over training conformers and draws of the prior.
    fn estimate_moments(&self) -> Moments {
        let items = self.data.split(Split::Train);
        let count = match self.config.moment_items {
            0 => items.len(),
            wanted => wanted.min(items.len()),
        };
        let (mut sums, mut coordinates) = ([0.0; 3], 0.0);
        for index in 0..count {
            let item = items[index * items.len() / count];
            let conformer = self.conformer(item);
            let topology = self.topology(self.data.molecule(item));
            let mut stream = Stream::new(0, Purpose::Other(3), [item as u64, 0]);
            let drawn = self.draw(&topology, &conformer, &mut stream);
            for (x0, x1) in drawn
                .source
                .iter()
                .flatten()
                .zip(conformer.iter().flatten())
            {
                sums[0] += x0 * x0;
                sums[1] += x1 * x1;
                sums[2] += x0 * x1;
                coordinates += 1.0;
            }
        }
        let [source, conformer, cross] = sums.map(|sum| sum / coordinates);
        Moments {
            source,
            conformer,
            cross: if self.flow.align { cross } else { 0.0 },
        }
    }
}

fn in_one_piece(atoms: usize, bonds: &[twirl_data::Bond]) -> bool {
    let mut piece: Vec<usize> = (0..atoms).collect();
    for bond in bonds {
        let (kept, gone) = (piece[bond.first], piece[bond.second]);
        for label in &mut piece {
            if *label == gone {
                *label = kept;
            }
        }
    }
    piece.iter().all(|label| *label == piece[0])
}
