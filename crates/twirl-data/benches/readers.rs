//! Frames and bytes per second of each reader, on files made in memory.

#[path = "../tests/readers/fixtures.rs"]
mod fixtures;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use twirl_data::{DataSet, OpenOptions};

const FRAMES: usize = 5_000;

fn readers(criterion: &mut Criterion) {
    let members = fixtures::npz_members(FRAMES);
    let spice = fixtures::spice(50, FRAMES / 50, fixtures::WATER_SMILES);
    let files: [(&str, &str, Vec<u8>); 5] = [
        (
            "project HDF5, deflate",
            "a.h5",
            fixtures::Project::new(FRAMES).bytes(),
        ),
        ("SPICE HDF5", "a.hdf5", fixtures::encode(spice)),
        ("npz, stored", "a.npz", fixtures::zip(&members, false)),
        ("npz, deflate", "a.npz", fixtures::zip(&members, true)),
        ("extended XYZ", "a.xyz", fixtures::xyz(FRAMES).into_bytes()),
    ];
    let mut group = criterion.benchmark_group("readers");
    group.sample_size(20);
    for (title, name, bytes) in files {
        let bytes: Arc<[u8]> = bytes.into();
        let read = || DataSet::from_bytes(name, bytes.clone(), &OpenOptions::default());
        for (unit, throughput) in [
            ("frames", Throughput::Elements(FRAMES as u64)),
            ("bytes", Throughput::Bytes(bytes.len() as u64)),
        ] {
            group.throughput(throughput);
            group.bench_function(format!("{title}/{unit}"), |bencher| {
                bencher.iter(|| black_box(read().expect("a valid file")));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, readers);
criterion_main!(benches);
