//! A data set that tests write.

use std::fmt::Write as _;

/// Frames of water on a spring, in extended XYZ; the force on the eleventh frame is another, if given.
pub(crate) fn water(outlier: Option<f64>) -> String {
    let mut text = String::new();
    for frame in 0..60 {
        let d = 0.001 * f64::from(frame) - 0.03;
        let force = outlier.filter(|_| frame == 10).unwrap_or(-40.0 * d);
        let _ = write!(
            text,
            "3\nProperties=species:S:1:pos:R:3:forces:R:3 energy={}\nO 0 0 0 {} 0 0\n\
             H {} 0 0 {force} 0.2 0\nH -0.24 0.93 0 0 -0.2 0\n",
            -2079.0 + 20.0 * d * d,
            -force,
            0.96 + d
        );
    }
    text
}
