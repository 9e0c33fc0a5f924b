//! Where the error and the symmetry error of forces sit: by element, by size of force, by angle.

use std::collections::BTreeSet;
use std::f64::consts::PI;

use twirl_core::{
    CoreError, Design, Loss, Molecule, Samples, Symmetry, by_angle, measure_molecule,
};
use twirl_data::elements::symbol;

use super::frame::{FORCE, Frame, Of, Share, length};

/// Ends of the intervals of the angle, degrees.
const ANGLES: [u8; 6] = [30, 60, 90, 120, 150, 180];

/// Names of the thirds by size.
const THIRDS: [&str; 3] = ["1-small", "2-middle", "3-large"];

/// A part of the atoms of all frames.
pub(super) enum Part {
    All,
    Element(u8),
    /// A third by the length of the true force, its number and its ends.
    Third(usize, [f64; 2]),
}

impl Part {
    /// Everything, each element, each third.
    pub(super) fn all(frames: &[Frame<'_>]) -> Vec<Self> {
        let elements: BTreeSet<u8> = frames
            .iter()
            .flat_map(|frame| frame.species)
            .copied()
            .collect();
        let mut sizes: Vec<f64> = frames
            .iter()
            .flat_map(|frame| &frame.labels)
            .map(length)
            .collect();
        sizes.sort_by(f64::total_cmp);
        let end = |third: usize| match third {
            0 => 0.0,
            3 => f64::INFINITY,
            _ => sizes[third * sizes.len() / 3],
        };
        let thirds = (0..3).map(|third| Self::Third(third, [end(third), end(third + 1)]));
        let elements = elements.into_iter().map(Self::Element);
        std::iter::once(Self::All)
            .chain(elements)
            .chain(thirds)
            .collect()
    }

    fn name(&self, figure: &str) -> String {
        match self {
            Self::All => figure.to_owned(),
            Self::Element(number) => match symbol(*number) {
                Some(symbol) => format!("{figure}-element-{symbol}"),
                None => format!("{figure}-element-{number}"),
            },
            Self::Third(third, _) => format!("{figure}-size-{}", THIRDS[*third]),
        }
    }

    fn unit(&self) -> String {
        match self {
            Self::Third(0, [_, high]) => format!("{FORCE}, |F| < {high:.0}"),
            Self::Third(2, [low, _]) => format!("{FORCE}, |F| > {low:.0}"),
            Self::Third(_, [low, high]) => format!("{FORCE}, |F| {low:.0}-{high:.0}"),
            Self::All | Self::Element(_) => FORCE.to_owned(),
        }
    }

    fn holds(&self, number: u8, label: &[f64; 3]) -> bool {
        match self {
            Self::All => true,
            Self::Element(element) => *element == number,
            Self::Third(_, [low, high]) => (*low..*high).contains(&length(label)),
        }
    }
}

/// Error and symmetry error over the components of a part of the atoms.
pub(super) fn of_part(
    frame: &Frame<'_>,
    part: &Part,
    design: &Design,
) -> Result<[Share; 3], CoreError> {
    let atoms = frame.species.iter().zip(&frame.labels);
    let weights = atoms.map(|(number, label)| f64::from(u8::from(part.holds(*number, label))));
    let weights: Vec<f64> = weights.collect();
    let molecule = Molecule {
        predictions: &frame.predictions,
        target: frame.labels.as_flattened(),
        weights: &weights,
        dim: 3,
        rotations: None,
    };
    let found = measure_molecule(design, Symmetry::So3, Loss::Squared, &molecule, 0)?;
    let components = 3.0 * weights.iter().sum::<f64>();
    let share = |of, figure, sum| Share::new(of, part.name(figure), part.unit(), [sum, components]);
    Ok([
        share(Of::Model, "force-rmse", found.split.loss),
        share(Of::Model, "force-equiv", found.split.equiv),
        share(Of::Zero, "force-rmse", found.zero),
    ])
}

/// Symmetry error between two poses, by the angle between them.
pub(super) fn of_angles(frame: &Frame<'_>) -> Result<Vec<Share>, CoreError> {
    let atoms = frame.species.len();
    let weights = vec![1.0; atoms];
    let samples = Samples::new(
        frame.rotations.len(),
        atoms,
        3,
        &frame.predictions,
        &weights,
    )?;
    let mut edges = ANGLES.map(|degrees| f64::from(degrees).to_radians());
    // A half turn is at the end of the last interval, and rounding does not throw it out.
    edges[ANGLES.len() - 1] = 2.0 * PI;
    let found = by_angle(&frame.rotations, &samples, &edges)?.into_iter();
    let mut low = 0;
    let shares = found.zip(ANGLES).map(|(found, high)| {
        let name = format!("force-equiv-angle-{low:03}-{high:03}");
        low = high;
        let components = 3.0 * (atoms * found.pairs) as f64;
        Share::new(Of::Model, name, FORCE, [found.sum, components])
    });
    Ok(shares.collect())
}
