//! What networks are given of positions.

/// Wavelengths (angstrom) of the sines and cosines of each coordinate that are given beside it.
/// The shortest bounds how much the rounding of coordinates is amplified.
pub(crate) const WAVELENGTHS: [f64; 4] = [16.0, 8.0, 4.0, 2.0];

/// Numbers per atom made of its coordinates.
pub(crate) const COORDINATE_FEATURES: usize = 3 + 6 * WAVELENGTHS.len();

/// Radial functions of distances between atoms, and from the centre.
pub(crate) const RADIAL: usize = 16;
