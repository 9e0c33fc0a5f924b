//! What is measured of single rows.

/// The parts of every measured row.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// Their places on axis 0 of the input, which may leave some out.
    pub row: Vec<usize>,
    /// Their units of the bootstrap.
    pub molecule: Vec<u64>,
    /// Of each term.
    pub terms: Vec<TermRows>,
}

/// The parts of one term, `[rows]` each. Single estimates of a part can be negative: average over
/// molecules before reading them, and never clamp.
#[derive(Debug, Clone, PartialEq)]
pub struct TermRows {
    /// Its name.
    pub name: String,
    /// `L`.
    pub loss: Vec<f64>,
    /// `L_mean`.
    pub loss_mean: Vec<f64>,
    /// `L_equiv`.
    pub loss_equiv: Vec<f64>,
    /// `L0`.
    pub loss_of_zero: Vec<f64>,
    /// Mean squared size of the predictions.
    pub size: Vec<f64>,
}
