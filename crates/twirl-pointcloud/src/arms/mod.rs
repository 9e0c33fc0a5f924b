//! The models.

pub(crate) mod painn;
pub(crate) mod plain;
