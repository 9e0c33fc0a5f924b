//! Settings of the task.

use serde::{Deserialize, Serialize};
use twirl_harness::TaskError;

/// Law of the noise on a grid; each value has standard deviation `sigma` under both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseLaw {
    /// Independent values at the voxels, as in `VoxMol`. Such noise lives on its lattice: the 24
    /// turns carry it exactly, other rotations cannot.
    #[default]
    Iid,
    /// A sum of plane waves of random direction and amplitude: a field between the voxels too, so
    /// that every rotation carries it exactly.
    BandLimited,
}

/// Poses of molecules in measurements, before the rotations under which they are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Poses {
    /// One random rotation of each molecule: the law of poses under which augmented arms train.
    #[default]
    Haar,
    /// As stored. The 24 turns of it are few poses, and not those that were trained on.
    Stored,
}

/// Settings of the voxel-denoising task. Lengths in angstrom.
///
/// The defaults are a coarse grid for small molecules on a CPU. `VoxMol` (arXiv 2306.07473) has
/// `grid = 32` or `64`, `resolution = 0.25`, `radius = 0.5`, `sigma = 0.9`, `shift = 0.5`.
///
/// With `w = 0.93 radius` and voxel size `h` the density of an atom has the energy
/// `E = (pi w^2 / 2)^(3/2) / h^3`, and the atom is seen in noise of independent voxels with a
/// signal-to-noise ratio of `E / sigma^2`: 16 for `VoxMol`, 49 with the defaults. Band-limited
/// noise of the same variance at a voxel has it all in a ball of the cube of wave numbers, where
/// it is `6 / (pi band^3)` times as dense: the ratio is smaller by that factor, 26 with the other
/// defaults. No unbiased estimate of the place of an atom that stands alone errs by less than
/// `w sqrt(3 / ratio)` in root mean square (Cramer and Rao): 0.23 angstrom and 0.32 angstrom. At
/// twice the `sigma` it would be 0.63 angstrom, beyond `closing.distance`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VoxelDenoiseConfig {
    /// Voxels along an edge of the box.
    pub grid: usize,
    /// Size of a voxel.
    pub resolution: f64,
    /// Radius of every atom: its density is `exp(-(r / (0.93 radius))^2)`, 1 at the centre.
    pub radius: f64,
    /// Symbols of the elements, one channel each. Empty: those of the data set.
    pub elements: Vec<String>,
    /// Standard deviation of the noise, where an atom's peak is 1.
    pub sigma: f64,
    /// Law of the noise.
    pub noise: NoiseLaw,
    /// Plane waves of band-limited noise.
    pub waves: usize,
    /// Largest wave number of band-limited noise over that of the lattice, `pi / resolution`.
    pub band: f64,
    /// Centres of molecules are moved by up to this along each axis, uniformly.
    pub shift: f64,
    /// Poses of molecules that are measured.
    pub poses: Poses,
    /// What is done with a finished model.
    pub closing: ClosingConfig,
}

impl Default for VoxelDenoiseConfig {
    fn default() -> Self {
        Self {
            grid: 16,
            resolution: 0.8,
            radius: 1.0,
            elements: Vec::new(),
            sigma: 0.25,
            noise: NoiseLaw::Iid,
            waves: 256,
            band: 1.0,
            shift: 0.25,
            poses: Poses::default(),
            closing: ClosingConfig::default(),
        }
    }
}

/// Atoms from grids, and molecules from noise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClosingConfig {
    /// Held-out molecules whose atoms are recovered from their denoised grids. 0: none.
    pub molecules: usize,
    /// Molecules sampled by walk and jump. 0: none.
    pub samples: usize,
    /// Langevin steps of each.
    pub steps: usize,
    /// Length of a Langevin step, in units of which the noise has period 2 pi.
    pub step: f64,
    /// Friction, in the inverse of that unit.
    pub friction: f64,
    /// Smallest peak that is taken for an atom.
    pub peak: f64,
    /// Largest distance at which an atom counts as recovered.
    pub distance: f64,
}

impl Default for ClosingConfig {
    fn default() -> Self {
        Self {
            molecules: 24,
            samples: 16,
            steps: 100,
            step: 0.5,
            friction: 1.0,
            peak: 0.4,
            distance: 0.5,
        }
    }
}

impl VoxelDenoiseConfig {
    /// Checks ranges.
    ///
    /// # Errors
    /// One line: the setting, its value, what is allowed.
    pub(crate) fn validate(&self) -> Result<(), TaskError> {
        let closing = &self.closing;
        let positive = [
            ("resolution", self.resolution),
            ("radius", self.radius),
            ("sigma", self.sigma),
            ("band", self.band),
            ("closing.step", closing.step),
            ("closing.friction", closing.friction),
            ("closing.peak", closing.peak),
            ("closing.distance", closing.distance),
        ];
        for (name, value) in positive {
            if !(value.is_finite() && value > 0.0) {
                let problem = format!("is {value}");
                return Err(TaskError::setting(name, problem, "give a positive number"));
            }
        }
        if !(self.shift.is_finite() && self.shift >= 0.0) {
            let problem = format!("is {}", self.shift);
            return Err(TaskError::setting("shift", problem, "give 0 or more"));
        }
        if self.grid < 8 {
            let problem = format!("is {}", self.grid);
            return Err(TaskError::setting("grid", problem, "give at least 8"));
        }
        if self.waves == 0 {
            return Err(TaskError::setting("waves", "is 0", "give at least 1"));
        }
        Ok(())
    }
}
