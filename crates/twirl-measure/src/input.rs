//! What a caller hands over.

use twirl_core::{Criterion, Loss};

use crate::array::Array;
use crate::kind::Kind;
use crate::sampling::Sampling;

/// One term of a loss: predictions at every rotation, and labels.
#[derive(Debug, Clone)]
pub struct Term<'a> {
    /// Name in results; empty for the only term of an input.
    pub name: String,
    /// `[molecules, rotations, ...blocks, dim]`.
    pub prediction: Array<'a>,
    /// `[molecules, ...blocks, dim]`, in the unrotated pose; class numbers `[molecules, ...blocks]` or
    /// probabilities `[molecules, ...blocks, dim]` for the cross-entropy.
    pub target: Array<'a>,
    /// `[molecules, ...blocks]`: 1, or 0 at padding.
    pub mask: Option<Array<'a>>,
    /// `[molecules, ...blocks]`, 0 or more.
    pub weight: Option<Array<'a>>,
    /// How outputs turn.
    pub kind: Kind,
    /// The loss.
    pub loss: Criterion,
}

impl<'a> Term<'a> {
    /// Untwisted predictions under the squared loss.
    #[must_use]
    pub const fn new(prediction: Array<'a>, target: Array<'a>) -> Self {
        Self {
            name: String::new(),
            prediction,
            target,
            mask: None,
            weight: None,
            kind: Kind::Untwisted,
            loss: Criterion::Residual(Loss::Squared),
        }
    }
}

/// Predictions of a model, with how they came about. Build with [`Input::new`] and set fields.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// The terms of the loss, whose sum is measured too.
    pub terms: Vec<Term<'a>>,
    /// Matrices that turned the inputs as `x -> R x`, `[molecules, rotations, 3, 3]` or
    /// `[rotations, 3, 3]` for all molecules.
    pub rotation: Option<Array<'a>>,
    /// Weights of quadrature nodes, `[molecules, rotations]` or `[rotations]`.
    pub rotation_weight: Option<Array<'a>>,
    /// Which rows are resampled together, `[molecules]`; every row alone where absent.
    pub molecule: Option<Array<'a>>,
    /// Positions of atoms, `[molecules, atoms, 3]`: rows that cannot show symmetry (one atom; for
    /// outputs that turn, all atoms on one line) are left out.
    pub position: Option<Array<'a>>,
    /// Atomic numbers, `[molecules, atoms]`, 0 at padding: terms with a block for every atom are told
    /// apart by element.
    pub atomic_number: Option<Array<'a>>,
    /// How the rotations were chosen: `iid` where absent, `quadrature` where absent and there are
    /// weights of rotations.
    pub sampling: Option<Sampling>,
}

impl<'a> Input<'a> {
    /// Untwisted predictions of one term under the squared loss at independent uniform rotations.
    #[must_use]
    pub fn new(prediction: Array<'a>, target: Array<'a>) -> Self {
        Self::of(vec![Term::new(prediction, target)])
    }

    /// Several terms.
    #[must_use]
    pub const fn of(terms: Vec<Term<'a>>) -> Self {
        Self {
            terms,
            rotation: None,
            rotation_weight: None,
            molecule: None,
            position: None,
            atomic_number: None,
            sampling: None,
        }
    }
}
