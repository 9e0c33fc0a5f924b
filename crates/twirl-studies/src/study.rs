//! What a study is.

use crate::budgets::RequiredSection;
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::outcome::Outcome;

/// What a study says of itself.
#[derive(Debug, Clone)]
pub struct Card {
    /// Name on the command line.
    pub name: &'static str,
    /// One line.
    pub about: &'static str,
    /// The claim that is judged.
    pub claim: &'static str,
    /// The rule, fixed in advance.
    pub rule: &'static str,
    /// Whether it needs f64, which the CPU has.
    pub needs_f64: bool,
    /// Sections of a file of budgets that it reads.
    pub sections: &'static [RequiredSection],
}

/// A claim about learned symmetry, with a rule fixed in advance.
///
/// Laws: the rule can come out either way, and its tests show it; a place without a figure is
/// undecided, never left out; nothing random but seeds of jobs and budgets; which cells there are
/// depends on no value of a cell, so that all are known before any is made.
pub trait Study: Sync {
    /// Name, claim and rule.
    fn card(&self) -> &Card;

    /// Makes its cells and judges them. A cell that fails is a status and no error.
    ///
    /// # Errors
    /// If a budget does not fit.
    fn run(&self, context: &StudyContext<'_>, cells: &mut Cells<'_>)
    -> Result<Outcome, StudyError>;
}
