//! The tables of a report: for each, its columns.

mod after;
mod comparison;
mod cost;
mod records;
mod summary;
mod terms;
mod versus;

pub(crate) use after::{closing, closing_by_arm, companions, controls};
pub use comparison::comparisons;
pub(crate) use cost::cost;
pub(crate) use records::{
    TWIRLS, averaged, companions_by_seed, loss_cost, percent_steps, spectrum, split_steps,
    term_steps, twirl,
};
pub(crate) use summary::{last, summary};
pub(crate) use terms::{scores, scores_by_arm, terms};
pub(crate) use versus::versus;
