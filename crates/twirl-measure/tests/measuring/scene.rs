//! A predictor with a closed form: `f(x) = A x` for every atom, target `0.8 x`.

use rand::RngExt;
use rand_distr::StandardNormal;
use twirl_core::{Design, Purpose, Rotation, Stream, Symmetry};
use twirl_measure::{Array, Figures, Input, MeasureError, Options, Predictions, figures};

pub(crate) const A: [[f64; 3]; 3] = [[1.1, 0.3, 0.0], [-0.1, 0.9, 0.2], [0.15, 0.0, 1.3]];
pub(crate) const TARGET: f64 = 0.8;

pub(crate) fn stream(seed: u64) -> Stream {
    Stream::new(seed, Purpose::Other(3), [0, 0])
}

pub(crate) fn normal(rng: &mut Stream) -> f64 {
    rng.sample(StandardNormal)
}

/// `L_mean` and `L_equiv` of the squared loss over the squared length of the molecule.
fn parts() -> [f64; 2] {
    let third = (A[0][0] + A[1][1] + A[2][2]) / 3.0;
    let rest = |k: usize| A[k / 3][k % 3] - if k.is_multiple_of(4) { third } else { 0.0 };
    let equiv = (0..9).map(|k| rest(k).powi(2)).sum::<f64>() / 3.0;
    [(third - TARGET).powi(2), equiv]
}

/// `100 L_equiv / L`, whatever the molecules.
pub(crate) fn percent() -> f64 {
    let [mean, equiv] = parts();
    100.0 * equiv / (mean + equiv)
}

/// The same where the factor of the target differs between molecules by this standard deviation.
pub(crate) fn percent_of_spread(spread: f64) -> f64 {
    let [mean, equiv] = parts();
    100.0 * equiv / (mean + spread.powi(2) + equiv)
}

/// `L / L0`, whatever the molecules.
pub(crate) fn loss_over_zero() -> f64 {
    let [mean, equiv] = parts();
    (mean + equiv) / TARGET.powi(2)
}

pub(crate) fn apply(matrix: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum())
}

/// Arrays of molecules of `atoms` atoms at the rotations of a design.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) rotations: usize,
    pub(crate) atoms: usize,
    /// `[molecules][atoms][3]`
    pub(crate) x: Vec<[f64; 3]>,
    pub(crate) turns: Vec<Vec<Rotation>>,
    /// `[molecules][rotations][atoms][3]`, not turned back.
    pub(crate) prediction: Vec<f64>,
    /// `[molecules][atoms][3]`
    pub(crate) target: Vec<f64>,
    pub(crate) matrices: Vec<f64>,
    pub(crate) shapes: [Vec<usize>; 3],
}

impl Scene {
    /// Rotations of their own for every molecule, and the matrix `A`.
    pub(crate) fn new(seed: u64, molecules: usize, design: Design) -> Self {
        Self::of(seed, molecules, design, Symmetry::So3, &A)
    }

    pub(crate) fn of(
        seed: u64,
        molecules: usize,
        design: Design,
        symmetry: Symmetry,
        matrix: &[[f64; 3]; 3],
    ) -> Self {
        let (atoms, mut rng) = (4, stream(seed));
        let x = (0..molecules * atoms).map(|_| [0; 3].map(|_| normal(&mut rng)));
        let x: Vec<[f64; 3]> = x.collect();
        let turns = (0..molecules).map(|_| design.draw(&mut rng, symmetry).expect("rotations"));
        Self::with(x, turns.collect(), |v| apply(matrix, v))
    }

    /// Any function of one atom's position.
    pub(crate) fn with(
        x: Vec<[f64; 3]>,
        turns: Vec<Vec<Rotation>>,
        predict: impl Fn([f64; 3]) -> [f64; 3],
    ) -> Self {
        let (molecules, rotations) = (turns.len(), turns[0].len());
        let atoms = x.len() / molecules;
        let mut prediction = Vec::new();
        for (atoms, turns) in x.chunks_exact(atoms).zip(&turns) {
            for turn in turns {
                prediction.extend(atoms.iter().flat_map(|v| predict(turn.apply(*v))));
            }
        }
        let matrices = turns.iter().flatten().flat_map(Rotation::matrix).flatten();
        Self {
            rotations,
            atoms,
            prediction,
            target: x.as_flattened().iter().map(|v| TARGET * v).collect(),
            matrices: matrices.collect(),
            shapes: [
                vec![molecules, rotations, atoms, 3],
                vec![molecules, atoms, 3],
                vec![molecules, rotations, 3, 3],
            ],
            x,
            turns,
        }
    }

    /// Predictions as they are, rotations beside them.
    pub(crate) fn input(&self) -> Input<'_> {
        let mut input = Input::new(
            Array::f64(&self.shapes[0], &self.prediction),
            Array::f64(&self.shapes[1], &self.target),
        );
        input.rotation = Some(Array::f64(&self.shapes[2], &self.matrices));
        input.terms[0].kind = twirl_measure::Kind::Vector;
        input
    }
}

pub(crate) fn measured(input: &Input<'_>) -> Figures {
    tried(input).expect("figures")
}

pub(crate) fn tried(input: &Input<'_>) -> Result<Figures, MeasureError> {
    figures(&Predictions::new(input)?, &Options::default())
}

/// Texts of the notes of a kind.
pub(crate) fn notes(found: &Figures, code: twirl_measure::NoteCode) -> Vec<&str> {
    let notes = found.notes.iter().filter(|note| note.code == code);
    notes.map(|note| note.text.as_str()).collect()
}

pub(crate) fn percent_of(found: &Figures) -> (f64, Option<[f64; 2]>) {
    let percent = found.terms[0].parts.percent_equiv.expect("a percentage");
    (percent.value, percent.interval)
}
