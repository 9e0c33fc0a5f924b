//! The studies.

pub(crate) mod controls;
pub(crate) mod dynamics;
pub(crate) mod gradients;
pub(crate) mod landscape;
pub(crate) mod parameters;
pub(crate) mod per_hour;
mod percent;
#[cfg(test)]
mod synthetic;
pub(crate) mod test_time;
pub(crate) mod variants;
