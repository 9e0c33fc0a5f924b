//! The studies.

pub(crate) mod controls;
pub(crate) mod dynamics;
mod equal_cost;
pub(crate) mod gradients;
mod inference;
mod ladder;
pub(crate) mod landscape;
pub(crate) mod parameters;
pub(crate) mod per_hour;
mod percent;
mod percent_tables;
pub(crate) mod precision;
pub(crate) mod scaling;
#[cfg(test)]
mod synthetic;
pub(crate) mod test_time;
pub(crate) mod variants;
