//! The same frame, or the same molecule, in two parts of a split.

use rayon::prelude::*;

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

/// A frame among all, in an order in which copies stand near each other.
struct Entry {
    composition: u64,
    second: f64,
    slack: f64,
    frame: usize,
}

fn equal_frames(set: &Frames<'_>, labels: &[Split]) -> Vec<Copy> {
    let entry = |frame| {
        let shape = Shape::of(set, frame);
        Entry {
            composition: composition(&shape.profile),
            second: shape.second,
            slack: shape.slack,
            frame,
        }
    };
    let mut order: Vec<Entry> = (0..set.len()).into_par_iter().map(entry).collect();
    order.par_sort_unstable_by(|a, b| {
        let by_shape = a
            .composition
            .cmp(&b.composition)
            .then(a.second.total_cmp(&b.second));
        by_shape.then(a.frame.cmp(&b.frame))
    });
    let runs = runs(&order);
    let groups = runs.into_par_iter().flat_map_iter(|run| equal_in(set, run));
    let groups: Vec<Vec<usize>> = groups.collect();
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

/// Parts of the order between which no two frames are near enough to be copies.
fn runs(order: &[Entry]) -> Vec<&[Entry]> {
    let mut runs = Vec::new();
    let (mut start, mut slack) = (0, 0.0_f64);
    for (place, entry) in order.iter().enumerate() {
        let apart = place > start && {
            let before = &order[place - 1];
            before.composition != entry.composition || entry.second - before.second > slack
        };
        if apart {
            runs.push(&order[start..place]);
            (start, slack) = (place, 0.0);
        }
        slack = slack.max(entry.slack);
    }
    runs.push(&order[start..]);
    runs.retain(|run| run.len() > 1);
    runs
}

/// Groups of equal frames in a run.
fn equal_in(set: &Frames<'_>, run: &[Entry]) -> Vec<Vec<usize>> {
    // Of equal frames the first one met, and all that equal it.
    let mut window: Vec<(Shape, Vec<usize>)> = Vec::new();
    let mut groups = Vec::new();
    for entry in run {
        let (near, passed) = window
            .into_iter()
            .partition(|(shape, _)| entry.second - shape.second <= shape.slack);
        window = near;
        let passed: Vec<(Shape, Vec<usize>)> = passed;
        groups.extend(passed.into_iter().map(|(_, frames)| frames));
        let shape = Shape::of(set, entry.frame);
        match window
            .iter_mut()
            .find(|(known, _)| known.equals(&shape, set))
        {
            Some((_, frames)) => frames.push(entry.frame),
            None => window.push((shape, vec![entry.frame])),
        }
    }
    groups.extend(window.into_iter().map(|(_, frames)| frames));
    groups.retain(|frames| frames.len() > 1);
    groups
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
