//! The one error type of this crate.

/// What can be wrong with a design, a set of samples or a tally.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CoreError {
    /// A design asks for fewer draws than its estimator needs.
    #[error("design `{design}` has {found} {unit}, but its estimator needs at least {needed}")]
    TooFewDraws {
        /// Name of the design as written in a configuration.
        design: &'static str,
        /// What is counted: rotations or orbits.
        unit: &'static str,
        /// Count in the design.
        found: usize,
        /// Smallest count that the estimator accepts.
        needed: usize,
    },
    /// A subset is drawn without replacement from a group that is too small.
    #[error(
        "design `subset` draws {found} rotations without replacement from a group of {order}: draw at most {order}"
    )]
    SubsetTooLarge {
        /// Number of rotations asked for.
        found: usize,
        /// Order of the group, inversions included where the symmetry is O(3).
        order: usize,
    },
    /// A design would need more rotations than can be counted.
    #[error(
        "design `orbits` with {orbits} orbits has more rotations than can be counted: use fewer orbits"
    )]
    TooManyRotations {
        /// Number of orbits asked for.
        orbits: usize,
    },
    /// A product rule of a degree that is not offered.
    #[error(
        "design `quadrature` of degree {found}: give a degree from 1 to {largest}, twice that of the predictions for an exact L_equiv"
    )]
    QuadratureDegree {
        /// The degree asked for.
        found: usize,
        /// Largest degree offered.
        largest: usize,
    },
    /// Weights of quadrature nodes that are no rule.
    #[error("{what} is {value}: weights must be finite and sum to more than 0")]
    NodeWeight {
        /// Which number it is.
        what: String,
        /// The value found.
        value: f64,
    },
    /// A parameter of a loss is not usable.
    #[error("Huber loss needs a finite delta above zero, found {delta}")]
    HuberDelta {
        /// The value found.
        delta: f64,
    },
    /// An array has the wrong number of entries.
    #[error("{what} has {found} entries, expected {expected}")]
    Shape {
        /// Name of the array and of the axes that fix its size.
        what: &'static str,
        /// Entries found.
        found: usize,
        /// Entries expected.
        expected: usize,
    },
    /// An axis of the samples is empty, or their size overflows.
    #[error(
        "samples of {rotations} rotations, {blocks} blocks and {dim} components are empty or too large"
    )]
    Size {
        /// Length of the rotation axis.
        rotations: usize,
        /// Length of the block axis.
        blocks: usize,
        /// Length of the component axis.
        dim: usize,
    },
    /// The samples were not taken at the rotations of the design.
    #[error(
        "samples hold {found} rotations, but the design has {expected}: measure at every rotation that the design draws"
    )]
    RotationCount {
        /// Rotations in the samples.
        found: usize,
        /// Rotations of the design.
        expected: usize,
    },
    /// A sample is NaN or infinite.
    #[error(
        "sample at rotation {rotation}, block {block}, component {component} is {value}: the model's output must be finite"
    )]
    NonFiniteSample {
        /// Index along the rotation axis.
        rotation: usize,
        /// Index along the block axis.
        block: usize,
        /// Index along the component axis.
        component: usize,
        /// The value found.
        value: f64,
    },
    /// A block weight is negative, NaN or infinite.
    #[error("weight of block {block} is {value}: weights must be finite and not negative")]
    BlockWeight {
        /// Index of the block.
        block: usize,
        /// The value found.
        value: f64,
    },
    /// Finite samples gave a result beyond the range of f64.
    #[error("{what} overflows f64: scale the outputs down")]
    Overflow {
        /// Name of the result.
        what: &'static str,
    },
    /// A class label lies outside the logits.
    #[error("class of block {block} is {class}, but there are {classes} logits")]
    Class {
        /// Index of the block.
        block: usize,
        /// The label found.
        class: usize,
        /// Number of logits.
        classes: usize,
    },
    /// A matrix that is not orthogonal was given as a rotation.
    #[error("matrix is not orthogonal: its product with its transpose is off by {error:e}")]
    NotOrthogonal {
        /// Largest entry of `|R R^T - 1|`.
        error: f64,
    },
    /// The spectrum was asked of a design that does not cover the rotation group.
    #[error(
        "a spectrum over rotation degrees needs Haar draws or quadrature: use design `iid`, `orbits` or `quadrature`, not `{design}`"
    )]
    SpectrumDesign {
        /// Name of the design.
        design: &'static str,
    },
    /// The spectrum was asked for beyond what a quadrature rule resolves.
    #[error(
        "a spectrum to degree {degree} needs a quadrature rule of twice that degree; this one gives it to degree {resolved}"
    )]
    SpectrumDegree {
        /// The degree asked for.
        degree: usize,
        /// Largest degree that the rule gives.
        resolved: usize,
    },
    /// The spectrum was asked of rotations that include an inversion.
    #[error(
        "rotation {rotation} is improper: a spectrum over rotation degrees needs draws from so3"
    )]
    SpectrumParity {
        /// Index of the rotation.
        rotation: usize,
    },
    /// Pairs by angle were asked of rotations that include an inversion.
    #[error("rotation {rotation} is improper: the angle between two poses needs draws from so3")]
    ImproperAngle {
        /// Index of the rotation.
        rotation: usize,
    },
    /// A tally needs at least one replicate and one column.
    #[error("tally needs at least {needed} {what}, found {found}")]
    TallySize {
        /// What is counted.
        what: &'static str,
        /// Count found.
        found: usize,
        /// Smallest count accepted.
        needed: usize,
    },
    /// A value or weight given to a tally is not usable.
    #[error("molecule {molecule}: {what} is {value}: it must be finite{rule}")]
    TallyValue {
        /// Key of the molecule.
        molecule: u64,
        /// Which number it is.
        what: String,
        /// The value found.
        value: f64,
        /// Further rule, or empty.
        rule: &'static str,
    },
    /// A tally column that does not exist.
    #[error("tally has {columns} columns, so there is no column {column}")]
    Column {
        /// The column asked for.
        column: usize,
        /// Number of columns.
        columns: usize,
    },
    /// A tally holds no weight.
    #[error("tally is empty: add at least one molecule of positive weight")]
    EmptyTally,
    /// Too few molecules for a bootstrap interval.
    #[error(
        "{empty} of {replicates} bootstrap replicates hold no molecule: an interval needs at least about 5 molecules"
    )]
    TooFewMolecules {
        /// Replicates without a molecule.
        empty: usize,
        /// All replicates.
        replicates: usize,
    },
    /// A ratio whose denominator is zero in the data or in a replicate.
    #[error("denominator in column {column} sums to zero: the ratio is undefined")]
    ZeroDenominator {
        /// Column of the denominator.
        column: usize,
    },
    /// A root of a ratio of sums that is below zero.
    #[error("columns {columns:?} of a tally differ in sign: their ratio has no root")]
    NegativeRoot {
        /// Columns of numerator and denominator.
        columns: [usize; 2],
    },
    /// Two tallies that cannot be merged.
    #[error("tallies differ in replicates, seed or columns and cannot be merged")]
    TallyMismatch,
}

impl CoreError {
    /// Refuses fewer than two draws.
    pub(crate) fn too_few(
        design: &'static str,
        unit: &'static str,
        found: usize,
    ) -> Result<(), Self> {
        if found >= 2 {
            return Ok(());
        }
        Err(Self::TooFewDraws {
            design,
            unit,
            found,
            needed: 2,
        })
    }
}
