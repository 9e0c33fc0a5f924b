//! Batches and outputs, and how rotations act on them.

use std::cell::OnceCell;

use burn::tensor::{Device, Int, Tensor};
use twirl_core::{Coverage, Design, Symmetry};
use twirl_equivariant::voxel::LatticeTurn;
use twirl_harness::{BatchPart, Rotations, TaskError};

use crate::noise::{Drawn, Noise};
use crate::resample::unrotate;
use crate::{Lattice, voxelise};

/// One molecule of a batch.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) item: usize,
    pub(crate) shift: [f64; 3],
    pub(crate) noise: Drawn,
}

/// A batch on the host: everything random is drawn.
#[derive(Debug)]
pub struct Host {
    pub(crate) samples: Vec<Sample>,
    pub(crate) measured: bool,
}

/// A batch on the device: atoms and noise, from which the grids follow.
///
/// The grids are made when they are first asked for. The 24 turns of the lattice permute them; any
/// other rotation turns atoms and waves, and the grids are made anew.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The box.
    pub lattice: Lattice,
    /// Atoms `[batch, atoms, 3]` about the centre of the box, angstrom.
    pub positions: Tensor<3>,
    /// 1 for an atom of a channel's element, `[batch, channels, atoms]`; 0 at padding.
    pub channels: Tensor<3>,
    /// Atoms of each molecule, `[batch]`.
    pub atoms: Tensor<1>,
    /// Atoms of each molecule that lie outside the ball, `[batch]`.
    pub outside: Tensor<1>,
    pub(crate) noise: Noise,
    pub(crate) sigma: f64,
    /// Numbers of the voxels in the ball.
    pub(crate) inside: Tensor<1, Int>,
    /// Whether the same noise must be seen at every rotation.
    pub(crate) measured: bool,
    pub(crate) grids: OnceCell<Grids>,
}

/// What the network learns and what it sees.
#[derive(Debug, Clone)]
pub(crate) struct Grids {
    pub(crate) clean: Tensor<5>,
    pub(crate) noisy: Tensor<5>,
}

/// Densities that an arm predicts.
#[derive(Debug, Clone)]
pub struct Output {
    /// The box.
    pub lattice: Lattice,
    /// `[batch, channels, n, n, n]`; what lies outside the ball is not read.
    pub density: Tensor<5>,
}

impl Batch {
    fn grids(&self) -> &Grids {
        self.grids.get_or_init(|| {
            let clean = voxelise(&self.lattice, self.positions.clone(), self.channels.clone());
            let noise = self.noise.values(&self.lattice);
            Grids {
                noisy: clean.clone() + noise * self.sigma,
                clean,
            }
        })
    }

    /// Values at the voxels in the ball, `[batch, channels, voxels]`.
    pub(crate) fn values_inside(&self, field: Tensor<5>) -> Tensor<3> {
        let [batch, channels, ..] = field.dims();
        let inside = self.inside.clone();
        let values = field.reshape([batch * channels, self.lattice.voxels()]);
        let count = inside.dims()[0];
        values.select(1, inside).reshape([batch, channels, count])
    }

    /// Densities of the atoms `[batch, channels, n, n, n]`.
    pub fn clean(&self) -> Tensor<5> {
        self.grids().clean.clone()
    }

    /// The same with noise: what an arm sees.
    pub fn noisy(&self) -> Tensor<5> {
        self.grids().noisy.clone()
    }

    /// What [`Batch::rotate`] turns; the grids are made for it.
    pub(crate) fn turning(&mut self) -> Vec<(&'static str, &mut dyn BatchPart)> {
        self.grids();
        let noise: &mut dyn BatchPart = match &mut self.noise {
            Noise::Lattice(values) => values,
            Noise::Waves(waves) => waves.vectors_mut(),
        };
        let mut parts: Vec<(&'static str, &mut dyn BatchPart)> =
            vec![("positions", &mut self.positions), ("noise", noise)];
        if let Some(Grids { clean, noisy }) = self.grids.get_mut() {
            parts.push(("clean grid", clean));
            parts.push(("noisy grid", noisy));
        }
        parts
    }

    /// A batch of noisy grids `[batch, channels, n, n, n]` whose molecules are not known.
    pub(crate) fn of_noisy(noisy: Tensor<5>, lattice: Lattice, sigma: f64) -> Self {
        let [batch, channels, ..] = noisy.dims();
        let device: Device = noisy.device();
        let grids = Grids {
            clean: noisy.zeros_like(),
            noisy: noisy.clone(),
        };
        Self {
            lattice,
            positions: Tensor::zeros([batch, 1, 3], &device),
            channels: Tensor::zeros([batch, channels, 1], &device),
            atoms: Tensor::zeros([batch], &device),
            outside: Tensor::zeros([batch], &device),
            noise: Noise::Lattice(noisy),
            sigma,
            inside: lattice.inside_on(&device),
            measured: false,
            grids: OnceCell::from(grids),
        }
    }

    /// Turns atoms, noise and grids.
    ///
    /// # Errors
    /// If noise of independent voxels would have to be carried by a rotation that is no turn of the
    /// lattice, in a measurement. In training it stays where it is, which is the same in law.
    pub(crate) fn rotate(&self, rotations: &Rotations) -> Result<Self, TaskError> {
        let mut turned = self.clone();
        turned.positions = rotations.rotate(self.positions.clone());
        if let Noise::Waves(waves) = &self.noise {
            turned.noise = Noise::Waves(waves.rotate(rotations));
        }
        let Some(turns) = lattice_turns(rotations) else {
            if self.measured && matches!(self.noise, Noise::Lattice(_)) {
                return Err(off_the_lattice());
            }
            turned.grids = OnceCell::new();
            return Ok(turned);
        };
        if let Noise::Lattice(values) = &self.noise {
            turned.noise = Noise::Lattice(apply(&turns, values.clone()));
        }
        let Grids { clean, noisy } = self.grids();
        turned.grids = OnceCell::from(Grids {
            clean: apply(&turns, clean.clone()),
            noisy: apply(&turns, noisy.clone()),
        });
        Ok(turned)
    }
}

impl Output {
    /// An arm's prediction for a batch.
    pub fn of(batch: &Batch, density: Tensor<5>) -> Self {
        Self {
            lattice: batch.lattice,
            density,
        }
    }

    /// Turned back: exactly under the 24 turns, by interpolation under other rotations.
    pub(crate) fn unrotate(self, rotations: &Rotations) -> Self {
        let density = match lattice_turns(rotations) {
            Some(turns) => {
                let back: Vec<LatticeTurn> = turns.iter().map(LatticeTurn::inverse).collect();
                apply(&back, self.density)
            }
            None => unrotate(self.density, &self.lattice, rotations),
        };
        Self { density, ..self }
    }
}

/// Whether every rotation of a design maps the lattice onto itself.
pub(crate) fn stays_on_the_lattice(design: &Design, symmetry: Symmetry) -> bool {
    match design.coverage() {
        Coverage::Finite(group) => {
            let elements = group.elements_under(symmetry);
            elements.iter().all(|turn| LatticeTurn::of(turn).is_some())
        }
        Coverage::Haar | Coverage::Degree(_) => false,
    }
}

/// What is said of noise of independent voxels that would have to leave its lattice.
pub(crate) fn off_the_lattice() -> TaskError {
    TaskError::setting(
        "noise",
        "independent voxels cannot be carried off their lattice",
        "set noise = \"band-limited\", or measure under the octahedral group",
    )
}

/// The turns of the lattice that all rotations of a batch are, if they are.
fn lattice_turns(rotations: &Rotations) -> Option<Vec<LatticeTurn>> {
    rotations.host().iter().map(LatticeTurn::of).collect()
}

fn apply(turns: &[LatticeTurn], field: Tensor<5>) -> Tensor<5> {
    if turns.iter().all(|turn| *turn == turns[0]) {
        return turns[0].apply(field);
    }
    let turned = turns.iter().enumerate();
    let turned = turned.map(|(place, turn)| turn.apply(field.clone().narrow(0, place, 1)));
    Tensor::cat(turned.collect(), 0)
}
