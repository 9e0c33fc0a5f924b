//! Root groups for several threads, of which none has looked at too many groups.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::hdf5::{File, Group};
use crate::error::Result;

/// The HDF5 crate holds some 15 KB for each group that a root has looked at, and takes some
/// milliseconds to open a root of many groups again.
const MOST: usize = 2048;

/// Root groups of one file.
pub(super) struct Roots<'f, 'a> {
    file: &'f File<'a>,
    /// Those that nobody uses, with the number of groups that they have looked at.
    free: Mutex<Vec<(Group<'a>, usize)>>,
}

impl<'f, 'a> Roots<'f, 'a> {
    pub(super) fn new(file: &'f File<'a>) -> Self {
        let free = Mutex::default();
        Self { file, free }
    }

    /// Does something with a root that looks at so many groups.
    pub(super) fn with<T>(
        &self,
        groups: usize,
        act: impl FnOnce(&Group<'a>) -> Result<T>,
    ) -> Result<T> {
        let known = self.free().pop();
        let (root, before) = match known {
            Some(known) => known,
            None => (self.file.again()?.root()?, 0),
        };
        let done = act(&root);
        self.give_back(root, before + groups);
        done
    }

    /// Keeps a root that has looked at so many groups, if it may look at more.
    pub(super) fn give_back(&self, root: Group<'a>, groups: usize) {
        // One that knows addresses looks at each group apart, and keeps nothing.
        if groups < MOST || root.holds_addresses() {
            self.free().push((root, groups));
        }
    }

    fn free(&self) -> MutexGuard<'_, Vec<(Group<'a>, usize)>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
