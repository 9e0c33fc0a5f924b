//! What is predicted.

use twirl_data::{DataError, DataSet, Embedded};

/// How a label turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Not at all.
    Scalar,
    /// With the molecule.
    Vector,
}

impl Kind {
    /// Components: 1 or 3.
    pub const fn components(self) -> usize {
        match self {
            Self::Scalar => 1,
            Self::Vector => 3,
        }
    }
}

/// What has a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// Every atom.
    Atom,
    /// The molecule.
    Molecule,
}

/// One label; made by [`label!`](crate::label!).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// Name of the term of the loss.
    pub name: &'static str,
    /// Name of the term that reports the squared loss, where another is trained on.
    pub squared: &'static str,
    /// Name of the term that reports the mean length, where another is trained on.
    pub norm: &'static str,
    /// Name of the score: root mean square error of a label's length.
    pub rmse: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// How it turns.
    pub kind: Kind,
    /// What has it.
    pub per: Per,
}

/// A label: `label!("dipole", vector per molecule, "e A")`. It is a `scalar` or a `vector`, per
/// `molecule` or per `atom`; the last argument is its unit.
#[macro_export]
macro_rules! label {
    (@ scalar) => { $crate::Kind::Scalar };
    (@ vector) => { $crate::Kind::Vector };
    (@ molecule) => { $crate::Per::Molecule };
    (@ atom) => { $crate::Per::Atom };
    ($name:literal, $kind:ident per $per:ident, $unit:expr) => {
        $crate::Label {
            name: $name,
            squared: concat!($name, "-squared"),
            norm: concat!($name, "-norm"),
            rmse: concat!($name, "-rmse"),
            unit: $unit,
            kind: $crate::label!(@ $kind),
            per: $crate::label!(@ $per),
        }
    };
}

/// A task, told by its labels.
pub trait Labels: Send + Sync + 'static {
    /// Name on the command line and in paths.
    const NAME: &'static str;
    /// One line for `twirlbench tasks`.
    const ABOUT: &'static str;
    /// What is predicted.
    const LABELS: &'static [Label];

    /// The data set that `embedded` stands for; by default molecules at 500 K with energies and
    /// forces.
    ///
    /// # Errors
    /// If it cannot be read.
    fn embedded() -> Result<DataSet, DataError> {
        DataSet::embedded(Embedded::Forces)
    }

    /// The values of every label of a frame, in its unit: `[atoms or 1][3 or 1]`, row by row. They
    /// turn with the molecule and do not move with it.
    ///
    /// # Errors
    /// Why the frame has no label, in a few words.
    fn values(data: &DataSet, item: usize) -> Result<Vec<Vec<f64>>, String>;
}
