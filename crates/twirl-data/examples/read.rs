//! How long a file takes to be opened: `read FILE`, without a cache, all checks among it; JSON.

use std::path::Path;
use std::time::Instant;

use twirl_data::{DataSet, OpenOptions};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("give: read FILE")?;
    let begun = Instant::now();
    let set = DataSet::open(Path::new(&file), &OpenOptions::default())?;
    let seconds = begun.elapsed().as_secs_f64();
    let (frames, atoms) = (set.len(), set.atoms());
    println!("{{\"seconds\": {seconds}, \"frames\": {frames}, \"atoms\": {atoms}}}");
    Ok(())
}
