//! Where decoded data sets are kept: in a folder that was asked for, or beside the results while the jobs
//! of a command are done.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args as ClapArgs;
use twirl_data::{DataCache, DataSet};
use twirl_harness::{Job, data_options};

use crate::print::tell;

const VARIABLE: &str = "TWIRLBENCH_DATA_CACHE";

/// Files from this size on, in bytes, are decoded once for all jobs of a command, also without a folder
/// that was asked for. Smaller ones take a job less than a second.
const LARGE: u64 = 64 << 20;

/// Their folder among the results.
const BESIDE: &str = ".data-cache";

/// Where decoded data sets are kept.
#[derive(Debug, Default, Clone, PartialEq, ClapArgs)]
#[command(next_help_heading = "How the data set is read")]
pub(crate) struct CacheArgs {
    /// Keep decoded data sets in this folder, for later starts and for other processes [default:
    /// `$TWIRLBENCH_DATA_CACHE`, else none]
    #[arg(long, value_name = "DIR")]
    pub(crate) data_cache: Option<PathBuf>,
    /// Hash data files again, also those that have the size and times that the folder remembers
    #[arg(long)]
    pub(crate) verify_data: bool,
}

impl CacheArgs {
    /// The cache that is asked for, by an option or by the environment.
    pub(crate) fn cache(&self) -> Result<Option<DataCache>> {
        let given = self.data_cache.clone().map(PathBuf::into_os_string);
        let given = given.or_else(|| std::env::var_os(VARIABLE));
        let Some(folder) = given.filter(|folder| !folder.is_empty()) else {
            return Ok(None);
        };
        let folder = std::path::absolute(folder).context("--data-cache")?;
        // Processes of jobs are told of it as text.
        if folder.to_str().is_none() {
            bail!(
                "--data-cache {}: its path is not UTF-8; give another",
                folder.display()
            );
        }
        Ok(Some(DataCache::new(folder).verifying(self.verify_data)))
    }
}

/// Where the jobs of a command find decoded data.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    cache: Option<DataCache>,
    /// Whether the folder is for this command alone.
    own: bool,
}

impl Shared {
    /// The cache that was asked for.
    pub(crate) fn given(cache: Option<&DataCache>) -> Self {
        Self {
            cache: cache.cloned(),
            own: false,
        }
    }

    /// Whether decoded data are kept beside the results.
    pub(crate) fn is_beside(out: &Path) -> bool {
        out.join(BESIDE).is_dir()
    }

    /// The cache that was asked for, else a folder beside the results for large files.
    pub(crate) fn of(given: Option<&DataCache>, out: &Path, jobs: &[&Job]) -> Self {
        let large = |job: &&Job| {
            let about = fs::metadata(&job.data);
            job.data != "embedded" && about.is_ok_and(|about| about.len() >= LARGE)
        };
        if given.is_some() || !jobs.iter().any(large) {
            return Self::given(given);
        }
        match beside(out) {
            Ok(folder) => Self {
                cache: Some(DataCache::new(folder).from_bytes(LARGE)),
                own: true,
            },
            Err(error) => {
                tell!("each job reads its data: {error:#}");
                Self::default()
            }
        }
    }

    pub(crate) fn cache(&self) -> Option<&DataCache> {
        self.cache.as_ref()
    }

    /// Keeps what has been read, for the jobs.
    pub(crate) fn keep(&self, job: &Job, set: &DataSet) -> Result<()> {
        if let Some(cache) = self.cache.as_ref().filter(|_| self.own) {
            cache.keep(set, &data_options(job)?)?;
        }
        Ok(())
    }

    /// Removes the folder that is for this command alone.
    pub(crate) fn remove(&self) {
        if let Some(cache) = self.cache.as_ref().filter(|_| self.own)
            && let Err(error) = fs::remove_dir_all(cache.folder())
        {
            tell!("{}: {error}; it can be deleted", cache.folder().display());
        }
    }
}

/// The folder beside the results, which a link must not lead elsewhere.
fn beside(out: &Path) -> Result<PathBuf> {
    let folder = std::path::absolute(out)?.join(BESIDE);
    let place = || folder.display().to_string();
    if folder.to_str().is_none() {
        bail!("{}: not UTF-8", place());
    }
    match fs::symlink_metadata(&folder) {
        Ok(about) if about.is_dir() => {}
        Ok(_) => bail!("{}: not a folder", place()),
        Err(_) => fs::create_dir(&folder).with_context(place)?,
    }
    Ok(folder)
}
