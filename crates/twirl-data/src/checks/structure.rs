//! Every frame has atoms, and all frames of a molecule have the same ones.

use crate::draft::Draft;
use crate::elements;
use crate::error::Result;

/// Checks atoms and bonds, and writes the formulas.
pub(crate) fn check(draft: &mut Draft, path: &str) -> Result<()> {
    let mut first: Vec<Option<usize>> = vec![None; draft.molecules.len()];
    for frame in 0..draft.frames() {
        let numbers = &draft.numbers[draft.offset[frame]..draft.offset[frame + 1]];
        if numbers.is_empty() {
            let site = draft.site(path, frame);
            return Err(site.inconsistent("a frame without atoms"));
        }
        let molecule = draft.molecule[frame];
        if let Some(earlier) = first[molecule] {
            let known = &draft.numbers[draft.offset[earlier]..draft.offset[earlier + 1]];
            if known != numbers {
                let site = draft.site(path, frame);
                return Err(site.inconsistent(format!(
                    "its {} atoms differ from the {} atoms of frame {earlier} of the same molecule",
                    numbers.len(),
                    known.len()
                )));
            }
            continue;
        }
        first[molecule] = Some(frame);
        let site = || draft.site(path, frame);
        if let Some(bad) = numbers.iter().find(|n| elements::symbol(**n).is_none()) {
            return Err(site().element(bad));
        }
        let bonds = &draft.molecules[molecule].bonds;
        let outside = bonds
            .iter()
            .find(|bond| bond.first.max(bond.second) >= numbers.len() || bond.first == bond.second);
        if let Some(bond) = outside {
            return Err(site().inconsistent(format!(
                "a bond joins atoms {} and {} of {}",
                bond.first,
                bond.second,
                numbers.len()
            )));
        }
        draft.molecules[molecule].formula = elements::formula(numbers);
    }
    Ok(())
}
