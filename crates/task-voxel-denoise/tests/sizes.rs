//! Parameter counts of the plain U-Net.

use burn::tensor::Device;
use serde_json::json;
use task_voxel_denoise::{Unet, UnetConfig, UnetDown, VoxelDenoise, VoxelDenoiseConfig};
use twirl_data::{DataSet, Embedded};
use twirl_harness::{Arm, Task, parameter_count};

/// The closed form is that of the network built, and the large sizes are those of `VoxMol`
/// (arXiv 2306.07473): 27.9, 111.5 and 446 million. They are counted and not built.
#[test]
fn sizes_are_what_their_names_say() {
    let data = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    let task = VoxelDenoise::open(&VoxelDenoiseConfig::default(), &data).expect("the task");
    let channels = task.elements().len();
    let expected = [
        ("tiny", 0.09),
        ("small", 0.37),
        ("1m", 1.04),
        ("medium", 1.45),
        ("28m", 27.9),
        ("111m", 111.5),
        ("446m", 445.9),
    ];
    let sizes = UnetConfig::sizes();
    assert_eq!(sizes.len(), expected.len());
    for ((name, config), (expected, millions)) in sizes.into_iter().zip(expected) {
        assert_eq!(name, expected);
        let counted = config.parameters(channels);
        assert!(
            (counted as f64 / 1e6 - millions).abs() < 0.05,
            "{name}: {counted}"
        );
        if millions < 2.0 {
            for down in [UnetDown::K3S2, UnetDown::K4S2] {
                let config = UnetConfig {
                    down,
                    ..config.clone()
                };
                let built = Unet::init(&config, &task, 1, &Device::flex()).expect("a network");
                let counted = config.parameters(channels);
                assert_eq!(parameter_count(&built), counted, "{name}, {down:?}");
            }
        }
    }
}

#[test]
fn sizes_that_make_no_network_are_refused_in_one_line() {
    let data = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    let config = serde_json::from_value(json!({"grid": 18})).expect("settings");
    let task = VoxelDenoise::open(&config, &data).expect("the task");
    let error = Unet::init(&UnetConfig::default(), &task, 1, &Device::flex()).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "setting grid: 18 cannot be halved for 3 levels; give a multiple of 4, or fewer levels"
    );
}
