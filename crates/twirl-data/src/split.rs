//! Train, validation and test: taken from the file, or derived by a fixed rule.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

use crate::checks::graph;
use crate::error::{DataError, Result};
use crate::frames::Frames;
use crate::site::one_line;

/// The three parts of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// For fitting.
    Train,
    /// For choosing the learning rate and for the curves.
    Validation,
    /// For the numbers that are reported.
    Test,
}

impl Split {
    /// All three, in the order of their codes 0, 1, 2 in the project's HDF5.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    pub(crate) fn from_code(code: i64) -> Option<Self> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

/// Frame indices of each split, ascending, in the order of [`Split::ALL`].
pub(crate) type Parts = [Vec<usize>; 3];

/// Fewest distinct molecules for a split by molecule.
const BY_MOLECULE: usize = 10;
/// Blocks into which the frames of one molecule are cut.
const BLOCKS: usize = 20;

/// Turn one label per frame into lists of frames.
pub(crate) fn parts(labels: &[Split]) -> Parts {
    let mut out = Parts::default();
    for (frame, label) in labels.iter().enumerate() {
        out[*label as usize].push(frame);
    }
    out
}

/// Split a set that carries no split of its own: a label for each frame, and the rule.
///
/// With at least ten distinct molecules (by SMILES; without one, by formula and index), the
/// molecules are ordered by the sha256 of that text: the first tenth is the test set, the second
/// the validation set. The same molecule under another order of atoms counts once. With fewer, the
/// frames of each molecule, in file order, are cut into 20 contiguous blocks (as many as frames, if
/// fewer): blocks 4 and 14 validate, 9 and 19 test, so neighbours in a trajectory mostly stay
/// together and every part sees its whole length. A molecule of 3 to 9 frames gives its middle
/// frame to validation and its last to test. Where that leaves a part empty, all frames count as
/// one molecule.
pub(crate) fn derive(set: &Frames<'_>) -> Result<(Vec<Split>, String)> {
    let same = graph::same(set);
    let groups = same.iter().max().map_or(0, |last| last + 1);
    let mut texts: Vec<Option<[u8; 32]>> = vec![None; groups];
    for (index, molecule) in set.molecules.iter().enumerate() {
        let text = match &molecule.smiles {
            Some(smiles) => smiles.clone(),
            None => format!("{}#{index}", molecule.formula),
        };
        let hash = Sha256::digest(text.as_bytes()).into();
        let known = &mut texts[same[index]];
        *known = Some(known.map_or(hash, |known: [u8; 32]| known.min(hash)));
    }
    let mut order: BTreeMap<[u8; 32], Vec<usize>> = BTreeMap::new();
    for (group, hash) in texts.iter().enumerate() {
        order
            .entry(hash.unwrap_or_default())
            .or_default()
            .push(group);
    }
    if order.len() >= BY_MOLECULE {
        let tenth = order.len() / 10;
        let mut label = vec![Split::Train; groups];
        for (rank, members) in order.values().enumerate() {
            let split = match rank / tenth {
                0 => Split::Test,
                1 => Split::Validation,
                _ => Split::Train,
            };
            for &member in members {
                label[member] = split;
            }
        }
        let labels = set.molecule.iter().map(|&molecule| label[same[molecule]]);
        let rule = "by molecule: sha256 of SMILES (or formula#index), lowest tenth test, next \
                    tenth validation";
        return Ok((labels.collect(), rule.to_owned()));
    }
    let frames = set.len();
    if frames < 3 {
        return Err(DataError::TooFew {
            path: one_line(set.path),
            frames,
        });
    }
    let mut frames_of = vec![Vec::new(); set.molecules.len()];
    for (frame, &molecule) in set.molecule.iter().enumerate() {
        frames_of[molecule].push(frame);
    }
    let mut labels = vec![Split::Train; frames];
    for frames in &frames_of {
        label_blocks(frames, &mut labels);
    }
    if parts(&labels).iter().all(|part| !part.is_empty()) {
        let rule = "by frame: 20 contiguous blocks per molecule, blocks 4 and 14 validation, 9 \
                    and 19 test";
        return Ok((labels, rule.to_owned()));
    }
    let all: Vec<usize> = (0..frames).collect();
    labels.fill(Split::Train);
    label_blocks(&all, &mut labels);
    let rule = "by frame: 20 contiguous blocks of the whole file, blocks 4 and 14 validation, 9 \
                and 19 test";
    Ok((labels, rule.to_owned()))
}

fn label_blocks(frames: &[usize], labels: &mut [Split]) {
    let count = frames.len();
    if count < 3 {
        return;
    }
    if count < 10 {
        labels[frames[count / 2]] = Split::Validation;
        labels[frames[count - 1]] = Split::Test;
        return;
    }
    let blocks = BLOCKS.min(count);
    for (place, &frame) in frames.iter().enumerate() {
        labels[frame] = match place * blocks / count % 10 {
            4 => Split::Validation,
            9 => Split::Test,
            _ => Split::Train,
        };
    }
}
