//! `twirlbench sample RUN`: molecules from a trained model.

use anyhow::{Context, Result, bail};
use twirl_harness::{Entry, Folder, GenerateRequest};

use crate::args::SampleArgs;
use crate::data_cache::CacheArgs;
use crate::devices;
use crate::export::writer;
use crate::plan::find;
use crate::print::say;

/// Makes molecules and writes them as the file name's ending says.
pub(crate) fn sample(args: &SampleArgs, entries: &[Entry]) -> Result<()> {
    let write = writer(&args.out)?;
    if args.count == 0 {
        bail!("--count is 0; give at least 1");
    }
    let folder = Folder::at(&args.run);
    let manifest = folder.read_manifest()?.with_context(|| {
        format!(
            "{}: no run here; give the folder of one run, DIR/<task>/<arm>/seed-<n>",
            args.run.display()
        )
    })?;
    let entry = find(entries, &manifest.job.task, &manifest.job.arm)?;
    let data = entry.open_data(&manifest.job, CacheArgs::default().cache()?.as_ref())?;
    if data.sha256() != manifest.data.sha256 {
        bail!(
            "data set {} has changed since the run: its sha256 is {}, the run's was {}",
            manifest.job.data,
            data.sha256(),
            manifest.data.sha256
        );
    }
    let device = devices::resolve(&args.device)?;
    let request = GenerateRequest {
        smiles: args.smiles.clone(),
        count: args.count,
        seed: args.seed,
        method: args.method.clone(),
        steps: args.steps,
    };
    let made = entry.generate(&folder, &data, &device, &request)?;
    write(&args.out, &made)?;
    say!("{} molecules: {}", made.len(), args.out.display());
    Ok(())
}
