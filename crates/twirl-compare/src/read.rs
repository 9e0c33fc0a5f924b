//! Reads run folders as they lie on disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use twirl_record::{Folder, Panel, RecordError, Status, read_records};

use crate::comparable::{comparable, same_settings};
use crate::error::CompareError;
use crate::run::{ArmRuns, Broken, Run, RunSet, TaskRuns};
use crate::studies::{StudyVerdict, beside, is_study, read_study};

impl RunSet {
    /// Reads all runs below a folder, which may be a result folder, a task, an arm or one run; and what
    /// the studies in it and beside it have found. The runs that studies are made of, which differ in
    /// more than their seeds, are not among them.
    ///
    /// A folder that cannot be read, that repeats a seed, or whose settings differ from those of its
    /// arm's other seeds is listed in [`RunSet::broken`] and left out of the rest.
    ///
    /// # Errors
    /// [`CompareError::File`] if the folder itself cannot be listed, [`CompareError::NoRuns`] if there
    /// is neither a run folder nor a study.
    pub fn read(dir: &Path) -> Result<Self, CompareError> {
        let mut found = Vec::new();
        find(dir, &mut found);
        match found.pop_if(|(folder, _)| folder == dir) {
            Some((_, Some(source))) => return Err(CompareError::file(dir)(source)),
            run => found.extend(run),
        }
        let (studies, mut broken) = studies(dir);
        if found.is_empty() && studies.is_empty() && broken.is_empty() {
            return Err(CompareError::NoRuns(dir.into()));
        }
        let mut arms: BTreeMap<(String, String), Vec<Run>> = BTreeMap::new();
        for (folder, unlisted) in found {
            let path = inside(dir, &folder);
            let run = match unlisted {
                Some(error) => Err(error.to_string()),
                None => read_run(&folder, path.clone()),
            };
            match run {
                Ok(run) => {
                    let job = &run.manifest.job;
                    let place = (job.task.clone(), job.arm.clone());
                    arms.entry(place).or_default().push(run);
                }
                Err(reason) => broken.push(Broken { path, reason }),
            }
        }
        let mut tasks: Vec<TaskRuns> = Vec::new();
        for ((task, arm), runs) in arms {
            let runs = agreeing(runs, &mut broken);
            let arm = ArmRuns {
                task: task.clone(),
                arm,
                runs,
            };
            match tasks.last_mut() {
                Some(last) if last.task == task => last.arms.push(arm),
                _ => tasks.push(TaskRuns {
                    task,
                    arms: vec![arm],
                }),
            }
        }
        broken.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self {
            tasks,
            broken,
            studies,
            beside: beside(dir),
        })
    }
}

/// The studies that a folder is or holds, and those that cannot be read.
fn studies(dir: &Path) -> (Vec<StudyVerdict>, Vec<Broken>) {
    let inner = inner_folders(dir).unwrap_or_default();
    let all = [dir.to_path_buf()].into_iter().chain(inner);
    let (mut read, mut broken) = (Vec::new(), Vec::new());
    for folder in all.filter(|folder| is_study(folder)) {
        let path = if folder == dir {
            PathBuf::from(".")
        } else {
            inside(dir, &folder)
        };
        match read_study(&folder, path.clone()) {
            Ok(study) => read.push(study),
            Err(reason) => broken.push(Broken { path, reason }),
        }
    }
    (read, broken)
}

/// A path relative to the folder that is read, whose own is its name.
fn inside(dir: &Path, path: &Path) -> PathBuf {
    match path.strip_prefix(dir) {
        Ok(inner) if inner.as_os_str().is_empty() => {
            path.file_name().map_or(path.into(), Into::into)
        }
        Ok(inner) => inner.into(),
        Err(_) => path.into(),
    }
}

/// The folders in a folder, in alphabetical order; symbolic links and hidden ones are not followed.
fn inner_folders(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut inner = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if entry.file_type()?.is_dir() && !hidden {
            inner.push(entry.path());
        }
    }
    inner.sort();
    Ok(inner)
}

/// Collects run folders, and folders that cannot be listed with the cause.
fn find(dir: &Path, found: &mut Vec<(PathBuf, Option<std::io::Error>)>) {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let folder = Folder::at(dir);
    if is_study(dir) {
        return;
    }
    if name.starts_with("seed-") || folder.manifest().exists() || folder.records().exists() {
        found.push((dir.into(), None));
        return;
    }
    match inner_folders(dir) {
        Ok(mut inner) => {
            // Studies keep their runs in a folder beside them, and their values in one of their own.
            if inner.iter().any(|path| is_study(path)) {
                inner.retain(|path| !path.ends_with("runs"));
            }
            inner.retain(|path| !path.ends_with("cells"));
            for path in &inner {
                find(path, found);
            }
        }
        Err(error) => found.push((dir.into(), Some(error))),
    }
}

fn read_run(folder: &Path, path: PathBuf) -> Result<Run, String> {
    let folder = Folder::at(folder);
    let text = |error: RecordError| error.to_string();
    let manifest = folder
        .read_manifest()
        .map_err(text)?
        .ok_or("manifest.json is missing; the run ended before it began, or was copied in part")?;
    let records = if folder.records().exists() {
        read_records(&folder.records()).map_err(text)?
    } else {
        Vec::new()
    };
    if let (Status::Ok, Some(kept)) = (manifest.status, &manifest.records) {
        folder.holds(kept).map_err(text)?;
    }
    if let Some(pair) = records.windows(2).find(|pair| pair[0].step >= pair[1].step) {
        return Err(format!(
            "records.jsonl: step {} follows step {}; resume the run to rewrite its tail",
            pair[1].step, pair[0].step
        ));
    }
    let pictures = folder.read_pictures().map_err(text)?;
    let whole = |panel: &&Panel| {
        let size = panel.height.checked_mul(panel.width);
        size == Some(panel.values.len()) && size != Some(0)
    };
    let mut panels = pictures.iter().flat_map(|picture| &picture.panels);
    if let Some(panel) = panels.find(|panel| !whole(panel)) {
        return Err(format!(
            "pictures.json: panel {} has {} values for {} x {}",
            panel.name,
            panel.values.len(),
            panel.height,
            panel.width
        ));
    }
    Ok(Run {
        path,
        manifest,
        records,
        pictures,
    })
}

/// Keeps the runs that share the first one's settings, one of each seed.
fn agreeing(mut runs: Vec<Run>, broken: &mut Vec<Broken>) -> Vec<Run> {
    runs.sort_by_key(|run| run.manifest.job.seed);
    let mut kept: Vec<Run> = Vec::new();
    for run in runs {
        match excluded(&kept, &run) {
            Some(reason) => broken.push(Broken {
                path: run.path,
                reason,
            }),
            None => kept.push(run),
        }
    }
    kept
}

fn excluded(kept: &[Run], run: &Run) -> Option<String> {
    let first = kept.first()?;
    let same = comparable(&first.manifest, &run.manifest)
        .and_then(|()| same_settings(&first.manifest, &run.manifest));
    if let Err(reason) = same {
        let first = first.path.display();
        return Some(format!("not the same experiment as {first}: {reason}"));
    }
    let seed = run.manifest.job.seed;
    let twin = kept.iter().find(|other| other.manifest.job.seed == seed)?;
    Some(format!("repeats seed {seed} of {}", twin.path.display()))
}
