//! Everything that can be run: the one list.

use twirl_harness::Entry;

/// The arms of all tasks, in the order of `twirlbench tasks`.
pub const ENTRIES: &[Entry] = &join::<ALL>(TASKS);

const TASKS: &[&[Entry]] = &[
    task_force_field::ENTRIES,
    task_conformer_flow::ENTRIES,
    task_voxel_denoise::ENTRIES,
];

const ALL: usize = {
    let (mut task, mut count) = (0, 0);
    while task < TASKS.len() {
        count += TASKS[task].len();
        task += 1;
    }
    count
};

const fn join<const N: usize>(lists: &[&[Entry]]) -> [Entry; N] {
    let mut joined = [lists[0][0]; N];
    let (mut list, mut place) = (0, 0);
    while list < lists.len() {
        let mut index = 0;
        while index < lists[list].len() {
            joined[place] = lists[list][index];
            (index, place) = (index + 1, place + 1);
        }
        list += 1;
    }
    joined
}
