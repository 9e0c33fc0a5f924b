//! Laws from which single rotations are drawn, for augmentation and as controls.

use nalgebra::Matrix3;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::rotation::Rotation;

/// A probability law on SO(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// The uniform (Haar) law: a normalised Gaussian quaternion.
    ///
    /// Moments: `E R_ab^2 = 1/3`, `E R_ab^4 = 1/5`, `E tr R = 0`, `E (tr R)^2 = 1`.
    #[default]
    Haar,
    /// `R = R_z R_y R_x` with three independent angles uniform on `[0, 2 pi)`, the augmentation of
    /// `VoxMol` (arXiv 2306.07473). Not Haar: `R_zx = -sin(theta_y)`, so `E R_zx^2 = 1/2`.
    VoxmolEuler,
    /// Always the identity: no augmentation.
    Identity,
}

impl Law {
    /// Draws one rotation.
    pub fn draw<R: Rng + ?Sized>(&self, rng: &mut R) -> Rotation {
        match self {
            Self::Haar => haar(rng),
            Self::VoxmolEuler => euler(rng),
            Self::Identity => Rotation::identity(),
        }
    }
}

fn haar<R: Rng + ?Sized>(rng: &mut R) -> Rotation {
    loop {
        let q: [f64; 4] = std::array::from_fn(|_| rng.sample(StandardNormal));
        // A length this small has probability below 1e-24; normalising it would lose digits.
        if q.iter().map(|entry| entry * entry).sum::<f64>() > 1e-12 {
            return Rotation::from_quaternion(q);
        }
    }
}

fn euler<R: Rng + ?Sized>(rng: &mut R) -> Rotation {
    let mut angle = || rng.random_range(0.0..std::f64::consts::TAU).sin_cos();
    let ((sx, cx), (sy, cy), (sz, cz)) = (angle(), angle(), angle());
    let about_x = Matrix3::new(1.0, 0.0, 0.0, 0.0, cx, -sx, 0.0, sx, cx);
    let about_y = Matrix3::new(cy, 0.0, sy, 0.0, 1.0, 0.0, -sy, 0.0, cy);
    let about_z = Matrix3::new(cz, -sz, 0.0, sz, cz, 0.0, 0.0, 0.0, 1.0);
    Rotation::from_entries(about_z * about_y * about_x)
}
