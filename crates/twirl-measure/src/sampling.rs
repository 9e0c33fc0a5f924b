//! How the rotations were chosen, and the estimator that follows.

use std::fmt;
use std::str::FromStr;

use twirl_core::{Design, Estimator, FiniteGroup, Nodes, Rotation, Symmetry};

use crate::error::MeasureError;
use crate::turns;

/// How the rotations of a file were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sampling {
    /// Independent draws from the uniform (Haar) measure.
    Iid,
    /// All elements of a finite group.
    Group(FiniteGroup),
    /// Several orbits `h q` of a finite group with independent uniform `q`, one after the other.
    Orbits(FiniteGroup),
    /// Draws without replacement from a finite group.
    Subset(FiniteGroup),
    /// Nodes of a quadrature rule, with weights.
    Quadrature,
}

const ALLOWED: &str = "iid, tetrahedral, octahedral, icosahedral, orbits:GROUP, subset:GROUP or \
                       quadrature (with an array rotation_weight)";

impl FromStr for Sampling {
    type Err = MeasureError;

    fn from_str(text: &str) -> Result<Self, MeasureError> {
        let group = |name: &str| match name {
            "tetrahedral" => Some(FiniteGroup::Tetrahedral),
            "octahedral" => Some(FiniteGroup::Octahedral),
            "icosahedral" => Some(FiniteGroup::Icosahedral),
            _ => None,
        };
        let found = match text.split_once(':') {
            None if text == "iid" => Some(Self::Iid),
            None if text == "quadrature" => Some(Self::Quadrature),
            None => group(text).map(Self::Group),
            Some(("orbits", name)) => group(name).map(Self::Orbits),
            Some(("subset", name)) => group(name).map(Self::Subset),
            Some(_) => None,
        };
        found.ok_or_else(|| MeasureError::Setting {
            name: "design",
            found: text.to_owned(),
            allowed: ALLOWED,
        })
    }
}

impl fmt::Display for Sampling {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iid => out.write_str("iid"),
            Self::Group(group) => out.write_str(group.name()),
            Self::Orbits(group) => write!(out, "orbits:{}", group.name()),
            Self::Subset(group) => write!(out, "subset:{}", group.name()),
            Self::Quadrature => out.write_str("quadrature"),
        }
    }
}

/// The estimator of every row.
#[derive(Debug, Clone)]
pub(crate) enum Rule {
    Design(Design),
    /// One for all rows, or one for each.
    Nodes(Vec<Nodes>),
}

impl Rule {
    pub(crate) fn of(&self, row: usize) -> &dyn Estimator {
        match self {
            Self::Design(design) => design,
            Self::Nodes(nodes) => &nodes[row.min(nodes.len() - 1)],
        }
    }
}

/// The estimator and the symmetry of rotations, checked against the rotations where there are any.
///
/// A group counts its negatives too if there are twice as many rotations as elements.
pub(crate) fn rule(
    sampling: Sampling,
    rotations: usize,
    turns: Option<&Vec<Vec<Rotation>>>,
    weights: Option<&[Vec<f64>]>,
) -> Result<(Rule, Symmetry), MeasureError> {
    let improper = turns.is_some_and(|turns| turns.iter().flatten().any(|r| !r.is_proper()));
    let drawn = if improper {
        Symmetry::O3
    } else {
        Symmetry::So3
    };
    let refuse = |what: String, remedy: &str| MeasureError::Rotations {
        what,
        remedy: remedy.to_owned(),
    };
    if weights.is_some() && sampling != Sampling::Quadrature {
        return Err(refuse(
            format!("design is {sampling} but there is an array rotation_weight"),
            "its estimator gives all rotations one weight: remove the array, or give design quadrature",
        ));
    }
    Ok(match sampling {
        Sampling::Iid => (Rule::Design(Design::Iid { rotations }), drawn),
        Sampling::Group(group) => {
            let symmetry = [Symmetry::So3, Symmetry::O3]
                .into_iter()
                .find(|&symmetry| group.order_under(symmetry) == rotations)
                .ok_or_else(|| {
                    refuse(
                        format!("design is {sampling} but there are {rotations} rotations"),
                        &format!(
                            "the group has {} ({} with inversions)",
                            group.order(),
                            group.order_under(Symmetry::O3)
                        ),
                    )
                })?;
            if let Some(turns) = turns {
                turns::closed(turns, rotations)?;
            }
            (Rule::Design(Design::Group { group }), symmetry)
        }
        Sampling::Orbits(group) => {
            let size = group.order_under(drawn);
            let orbits = rotations / size;
            if orbits * size != rotations || orbits < 2 {
                return Err(refuse(
                    format!("design is {sampling} but there are {rotations} rotations"),
                    &format!("give at least 2 whole orbits of {size}, one after the other"),
                ));
            }
            if let Some(turns) = turns {
                turns::closed(turns, size)?;
            }
            (Rule::Design(Design::Orbits { group, orbits }), drawn)
        }
        Sampling::Subset(group) => {
            let design = Design::Subset { group, rotations };
            design.validate(drawn)?;
            if let Some(turns) = turns {
                turns::distinct(turns, rotations)?;
            }
            (Rule::Design(design), drawn)
        }
        Sampling::Quadrature => {
            let (Some(turns), Some(weights)) = (turns, weights) else {
                return Err(refuse(
                    "design is quadrature but the rotations or their weights are missing".into(),
                    "add the arrays rotation and rotation_weight",
                ));
            };
            let rows = turns.iter().zip(weights.iter().cycle());
            let same = |(row, weight): (&Vec<Rotation>, &Vec<f64>)| {
                row == &turns[0] && weight == &weights[0]
            };
            let one = rows.clone().all(same);
            let nodes = rows.take(if one { 1 } else { turns.len() });
            let nodes = nodes.map(|(row, weight)| Nodes::new(row.clone(), weight));
            (Rule::Nodes(nodes.collect::<Result<_, _>>()?), drawn)
        }
    })
}
