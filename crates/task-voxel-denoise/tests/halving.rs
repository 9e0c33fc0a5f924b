//! Whether the plain U-Net can be exact under the 24 turns: with symmetric kernels, where its
//! halving lets it.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};
use serde_json::json;
use task_voxel_denoise::{Unet, UnetConfig, VoxelDenoise, VoxelDenoiseConfig};
use twirl_core::tolerance;
use twirl_data::{DataSet, Embedded, Split};
use twirl_equivariant::voxel::LatticeTurn;
use twirl_harness::{Arm, Draw, Task};

/// Replaces every kernel by its mean over the 24 turns. Attention sees no positions and norms are
/// means over voxels, so nothing else in the network knows a direction.
struct Symmetrise;

impl ModuleMapper for Symmetrise {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D != 5 {
            return param;
        }
        param.map(|kernel| {
            let dims = kernel.dims();
            let kernel: Tensor<5> = kernel.reshape([dims[0], dims[1], dims[2], dims[3], dims[4]]);
            let turned = LatticeTurn::all().into_iter();
            let turned = turned.map(|turn| turn.apply(kernel.clone()));
            let sum = turned.reduce(|sum, turned| sum + turned).expect("24 turns");
            (sum / 24.0).reshape(dims)
        })
    }
}

/// Largest squared deviation from equivariance over the 24 turns, over the squared prediction.
fn worst(model: &Unet, noisy: &Tensor<5>) -> f64 {
    let power = |field: Tensor<5>| -> f64 { (field.clone() * field).sum().into_scalar::<f64>() };
    let straight = model.forward(noisy.clone());
    let turns = LatticeTurn::all().into_iter();
    let errors = turns.map(|turn| {
        let back = turn
            .inverse()
            .apply(model.forward(turn.apply(noisy.clone())));
        power(back - straight.clone())
    });
    errors.fold(0.0, f64::max) / power(straight)
}

#[test]
fn symmetric_kernels_are_exact_with_kernel_4_and_not_with_kernel_3() {
    let data = DataSet::embedded(Embedded::Conformers).expect("embedded data");
    let task = VoxelDenoise::open(&VoxelDenoiseConfig::default(), &data).expect("the task");
    let items = &task.items(Split::Test)[..2];
    let host = task.batch(items, Draw::measuring(1)).expect("a batch");
    let noisy = task
        .load(&host, &Device::flex())
        .expect("a batch on the device")
        .noisy();
    let worst_of = |down: &str, symmetric: bool| {
        let config: UnetConfig = serde_json::from_value(json!({"down": down})).expect("settings");
        let model = Unet::init(&config, &task, 1, &Device::flex()).expect("a network");
        let model = if symmetric {
            model.map(&mut Symmetrise)
        } else {
            model
        };
        let worst = worst(&model, &noisy);
        println!("{down}, symmetric {symmetric}: relative squared error {worst:e}");
        worst
    };
    let exact = 100.0 * tolerance::F32.agreement.powi(2);
    assert!(worst_of("k4-s2", true) < exact);
    assert!(
        worst_of("k4-s2", false) > 1e-3,
        "the kernels were symmetric"
    );
    assert!(worst_of("k3-s2", true) > 1e-3);
}
