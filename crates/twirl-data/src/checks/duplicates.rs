//! The same frame, or the same molecule, in two parts of a split.

use crate::checks::graph;
use crate::frames::{Frames, distance};
use crate::split::Split;

/// Frames whose distances agree to this (angstrom) are the same. Out of a plane a step changes
/// distances by its square alone, so the bound is small: it holds for copies as they stand, and in
/// another pose from seven decimals on.
const SAME: f64 = 1e-6;
/// Largest frames whose pair distances are compared, not only those from the centre.
const PAIRS: usize = 128;

/// A frame to be left out.
#[derive(Debug)]
pub(crate) struct Copy {
    pub(crate) frame: usize,
    /// What it is a copy of.
    pub(crate) what: String,
}

/// Frames that stand in a second part, whatever their pose and the order of their atoms (mirror
/// images count as the same); where the file splits by molecule, also frames of a molecule that
/// stands in a second part. What is in the test set stays there, then what is in validation.
pub(crate) fn find(set: &Frames<'_>, labels: &[Split], by_file: bool) -> Vec<Copy> {
    let mut copies = equal_frames(set, labels);
    if by_file {
        let known: std::collections::HashSet<usize> = copies.iter().map(|c| c.frame).collect();
        let molecules = equal_molecules(set, labels);
        copies.extend(molecules.into_iter().filter(|c| !known.contains(&c.frame)));
    }
    copies.sort_by_key(|copy| copy.frame);
    copies
}

fn name(split: Split) -> &'static str {
    ["train", "validation", "test"][split as usize]
}

/// What does not change with the pose or the order of atoms.
struct Shape {
    frame: usize,
    /// Sum over atoms of the atomic number times the squared distance from the centre.
    second: f64,
    /// How far that may differ between copies.
    slack: f64,
    /// Atomic number and distance from the centre, sorted.
    profile: Vec<(u8, f64)>,
}

impl Shape {
    fn of(set: &Frames<'_>, frame: usize) -> Self {
        let (numbers, positions) = (set.numbers(frame), set.positions(frame));
        let mut centre = [0.0; 3];
        for point in positions {
            for axis in 0..3 {
                centre[axis] += point[axis] / positions.len() as f64;
            }
        }
        let from = |(&z, &point): (&u8, &[f64; 3])| (z, distance(point, centre));
        let mut profile: Vec<(u8, f64)> = numbers.iter().zip(positions).map(from).collect();
        profile.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let sum = |power: i32| -> f64 {
            let term = |&(z, r): &(u8, f64)| f64::from(z) * r.powi(power);
            profile.iter().map(term).sum()
        };
        Self {
            frame,
            second: sum(2),
            slack: 2.0 * SAME * (sum(1) + 1.0),
            profile,
        }
    }

    fn equals(&self, other: &Self, set: &Frames<'_>) -> bool {
        let near = |(a, b): (&(u8, f64), &(u8, f64))| a.0 == b.0 && (a.1 - b.1).abs() <= SAME;
        if self.profile.len() != other.profile.len()
            || !self.profile.iter().zip(&other.profile).all(near)
        {
            return false;
        }
        if self.profile.len() > PAIRS {
            return true;
        }
        let (mine, theirs) = (spectrum(set, self.frame), spectrum(set, other.frame));
        let near =
            |(a, b): (&(u16, f64), &(u16, f64))| a.0 == b.0 && (a.1 - b.1).abs() <= 2.0 * SAME;
        mine.iter().zip(&theirs).all(near)
    }
}

/// Distances of all pairs with their elements, sorted.
fn spectrum(set: &Frames<'_>, frame: usize) -> Vec<(u16, f64)> {
    let (numbers, positions) = (set.numbers(frame), set.positions(frame));
    let mut out = Vec::with_capacity(numbers.len() * numbers.len() / 2);
    for i in 0..numbers.len() {
        for j in 0..i {
            let (low, high) = (numbers[i].min(numbers[j]), numbers[i].max(numbers[j]));
            let pair = u16::from(high) << 8 | u16::from(low);
            out.push((pair, distance(positions[i], positions[j])));
        }
    }
    out.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    out
}

fn equal_frames(set: &Frames<'_>, labels: &[Split]) -> Vec<Copy> {
    let mut order: Vec<(u64, f64, usize)> = (0..set.len())
        .map(|frame| {
            let shape = Shape::of(set, frame);
            (composition(&shape.profile), shape.second, frame)
        })
        .collect();
    order.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
    // Of equal frames the first one met, and all that equal it.
    let mut window: Vec<(u64, Shape, Vec<usize>)> = Vec::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (composition, second, frame) in order {
        let mut kept = Vec::new();
        for (of, shape, frames) in window {
            if of == composition && second - shape.second <= shape.slack {
                kept.push((of, shape, frames));
            } else if frames.len() > 1 {
                groups.push(frames);
            }
        }
        window = kept;
        let shape = Shape::of(set, frame);
        match window
            .iter_mut()
            .find(|(_, known, _)| known.equals(&shape, set))
        {
            Some((_, _, frames)) => frames.push(frame),
            None => window.push((composition, shape, vec![frame])),
        }
    }
    groups.extend(window.into_iter().map(|(_, _, frames)| frames));
    let mut copies = Vec::new();
    for frames in groups {
        let Some(&kept) = frames.iter().max_by_key(|&&frame| labels[frame] as usize) else {
            continue;
        };
        let others = frames
            .iter()
            .filter(|&&frame| labels[frame] != labels[kept]);
        copies.extend(others.map(|&frame| Copy {
            frame,
            what: format!(
                "in {} the same geometry as frame {kept} in {}",
                name(labels[frame]),
                name(labels[kept])
            ),
        }));
    }
    copies
}

/// A hash of the atomic numbers of a sorted profile.
fn composition(profile: &[(u8, f64)]) -> u64 {
    // FNV-1a.
    profile.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &(z, _)| {
        (hash ^ u64::from(z)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// Only where no molecule of the file stands in two parts: else it splits by frame.
fn equal_molecules(set: &Frames<'_>, labels: &[Split]) -> Vec<Copy> {
    let mut part: Vec<Option<Split>> = vec![None; set.molecules.len()];
    for (frame, &molecule) in set.molecule.iter().enumerate() {
        if *part[molecule].get_or_insert(labels[frame]) != labels[frame] {
            return Vec::new();
        }
    }
    let same = graph::same(set);
    let groups = same.iter().max().map_or(0, |last| last + 1);
    let mut best: Vec<Option<(Split, usize)>> = vec![None; groups];
    for (frame, &molecule) in set.molecule.iter().enumerate() {
        let best = &mut best[same[molecule]];
        if best.is_none_or(|(split, _)| (split as usize) < labels[frame] as usize) {
            *best = Some((labels[frame], frame));
        }
    }
    let copy = |(frame, &molecule): (usize, &usize)| {
        let (split, other) = best[same[molecule]]?;
        (split != labels[frame]).then(|| Copy {
            frame,
            what: format!(
                "in {} the same molecule, {}, as frame {other} in {}, under another name or order \
                 of atoms",
                name(labels[frame]),
                set.molecules[molecule].formula,
                name(split)
            ),
        })
    };
    set.molecule.iter().enumerate().filter_map(copy).collect()
}
