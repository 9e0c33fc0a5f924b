//! The shape of results.

use serde::Serialize;

use crate::notes::Note;

/// Number of the shape of [`Figures`] as JSON. It grows when a name changes its meaning or goes.
pub const SCHEMA: u32 = 2;

/// A figure with its 95 % interval over molecules, absent with too few of them or where rotations
/// are shared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Low and high end.
    pub interval: Option<[f64; 2]>,
}

/// A loss and its parts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Parts {
    /// `L`.
    pub loss: Estimate,
    /// `L_mean`, the loss of the twirled prediction.
    pub loss_mean: Estimate,
    /// `L_equiv = L - L_mean`.
    pub loss_equiv: Estimate,
    /// `100 L_equiv / L`; absent where predictions equal targets up to rounding.
    pub percent_equiv: Option<Estimate>,
    /// The loss of predicting zero, `L0`.
    pub loss_of_zero: f64,
    /// `L / L0`; absent where every target is zero.
    pub loss_over_zero: Option<f64>,
}

/// The figures of one term.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TermFigures {
    /// Its name; empty for the only term of an input.
    pub name: String,
    /// How outputs turn.
    pub kind: String,
    /// The loss.
    pub loss: String,
    /// Blocks of a molecule.
    pub blocks: usize,
    /// Components of a block, those of a symmetric matrix written out.
    pub dim: usize,
    /// The loss and its parts.
    pub parts: Parts,
    /// The squared loss beside another one.
    pub squared: Option<Parts>,
    /// Squared symmetry error over mean squared prediction; absent where every prediction is zero.
    pub relative_equiv: Option<f64>,
    /// Loss of the prediction twirled over M draws, `L_mean + L_equiv / M`, as pairs of M and loss:
    /// squared loss and independent rotations only.
    pub twirled: Vec<(usize, f64)>,
    /// `S_l` over the mean squared prediction, l from 0.
    pub spectrum: Option<Vec<Estimate>>,
    /// Why there is no spectrum.
    pub no_spectrum: Option<String>,
    /// By chemical element, where atomic numbers were given and there is a block for every atom.
    pub elements: Vec<ElementFigures>,
    /// Parity error over the mean squared prediction, where every rotation comes with its negative.
    pub parity: Option<f64>,
}

/// What the atoms of one element add to a term. The parts of all elements add up to those of the term.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ElementFigures {
    /// Atomic number.
    pub number: u8,
    /// Symbol, of the elements to curium.
    pub symbol: Option<String>,
    /// Atoms with a weight above 0, over all rows.
    pub atoms: usize,
    /// Their part of `L`.
    pub loss: f64,
    /// Their part of `L_mean`.
    pub loss_mean: f64,
    /// Their part of `L_equiv`.
    pub loss_equiv: f64,
    /// Root mean square of a component of the residual, by the weights of the loss; absent for logits.
    pub rms_error: Option<f64>,
    /// The same of the symmetry error; absent where nodes of negative weight put its square below 0.
    pub rms_equiv: Option<f64>,
}

/// Everything that is said of predictions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Rows measured.
    pub rows: usize,
    /// Units of the bootstrap among them.
    pub molecules: usize,
    /// Rotations of each.
    pub rotations: usize,
    /// How they were chosen.
    pub design: String,
    /// The group whose symmetry is measured: `SO(3)`, `O(3)` or the name of a finite group.
    pub group: String,
    /// Largest degree of predictions for which `L_mean` is that of all rotations; absent where it
    /// is that at every degree.
    pub resolves: Option<usize>,
    /// The terms.
    pub terms: Vec<TermFigures>,
    /// The sum of several terms.
    pub total: Option<Parts>,
    /// Why no figure has an interval, whatever the number of molecules.
    pub no_interval: Option<String>,
    /// Remarks.
    pub notes: Vec<Note>,
}
