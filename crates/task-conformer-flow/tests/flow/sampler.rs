//! Integrators on equations with known solutions.

use burn::tensor::{Device, Tensor, TensorData};
use task_conformer_flow::Method;
use task_conformer_flow::sampler::{Plan, integrate};
use twirl_core::tolerance;

fn values(tensor: Tensor<3>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn start(device: &Device) -> Tensor<3> {
    Tensor::from_data(TensorData::new(vec![1.0, -0.5, 0.25], [1, 1, 3]), device)
}

/// `dx/dt = 2 t x` has the solution `x(0) exp(t^2)`. Halving the step divides the error by 2 and by
/// 4.
#[test]
fn orders_of_accuracy() {
    let device = Device::flex();
    let error = |method, steps| {
        let plan = Plan { method, steps };
        let end = integrate(plan, [0.0, 1.0], false, start(&device), |x, t| {
            x * (2.0 * t)
        });
        (values(end)[0] - std::f64::consts::E).abs()
    };
    for (method, order, steps) in [(Method::Euler, 1.0, 128), (Method::Heun, 2.0, 32)] {
        let ratio = error(method, steps) / error(method, 2 * steps);
        let found = ratio.log2();
        assert!(
            (found - order).abs() < 0.1,
            "{method:?}: order {found}, expected {order}"
        );
    }
}

/// A prediction of x1 that never changes is reached at t = 1 exactly, whatever the steps, although
/// the velocity does not exist there.
#[test]
fn a_constant_conformer_is_reached() {
    let device = Device::flex();
    let goal = Tensor::<3>::from_data(TensorData::new(vec![0.3, 2.0, -1.0], [1, 1, 3]), &device);
    for method in [Method::Euler, Method::Heun] {
        for steps in [1, 2, 7] {
            let end = integrate(
                Plan { method, steps },
                [0.0, 1.0],
                true,
                start(&device),
                |x, t| (goal.clone() - x) * (1.0 / (1.0 - t)),
            );
            for (found, expected) in values(end).iter().zip(values(goal.clone())) {
                assert!(
                    (found - expected).abs() < tolerance::F32.agreement,
                    "{method:?}, {steps} steps: {found}, expected {expected}"
                );
            }
        }
    }
}
