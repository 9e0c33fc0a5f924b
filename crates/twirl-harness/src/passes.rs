//! What is done to every parameter once a step, in one pass over memory each on the CPU device.
//!
//! Composed from burn's operations, `AdamW` passes over a parameter a dozen times, and the average of the
//! weights three times.

use burn::backend::flex::FlexTensor;
use burn::optim::{AdamW, AdamWState, AdaptiveMomentumState, LearningRate, Optimizer};
use burn::tensor::{DType, Device, Element, Tensor};
use rayon::prelude::*;
use twirl_layers::own::{
    Operation, Real, apply1, apply2, dot, like, on_own, tensor, vectorised, whole,
};
use twirl_layers::with_real;

/// Numbers that one thread takes at a time.
const CHUNK: usize = 1 << 14;

/// burn's `AdamW`, with the same state and the same bits.
#[derive(Clone)]
pub(crate) struct OnePass {
    pub(crate) burns: AdamW,
    pub(crate) first: f32,
    pub(crate) second: f32,
    pub(crate) epsilon: f32,
    pub(crate) decay: f32,
}

/// The numbers of one update.
struct Update<T> {
    keep: [T; 2],
    take: [T; 2],
    correct: [T; 2],
    epsilon: T,
    decay: T,
    rate: T,
}

impl Optimizer for OnePass {
    type State<const D: usize> = AdamWState<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamWState<D>>,
    ) -> (Tensor<D>, Option<AdamWState<D>>) {
        if !on_own(&weights) {
            return self.burns.step(rate, weights, gradient, state);
        }
        match weights.dtype() {
            DType::F64 => self.update::<f64, D>(rate, weights, gradient, state),
            _ => self.update::<f32, D>(rate, weights, gradient, state),
        }
    }

    fn to_device<const D: usize>(state: AdamWState<D>, device: &Device) -> AdamWState<D> {
        AdamW::to_device(state, device)
    }
}

impl OnePass {
    fn update<T: Real, const D: usize>(
        &self,
        rate: LearningRate,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamWState<D>>,
    ) -> (Tensor<D>, Option<AdamWState<D>>) {
        let options = (&weights.device(), weights.dtype());
        let momentum = state.map_or_else(
            || AdaptiveMomentumState::new(0, weights.zeros_like(), weights.zeros_like()),
            |state| state.momentum,
        );
        let time = momentum.time + 1;
        let of = |value: f32| T::of(f64::from(value));
        let power = |base: f32| of(1.0 - base.powi(time as i32));
        let update = Update {
            keep: [of(self.first), of(self.second)],
            take: [of(1.0 - self.first), of(1.0 - self.second)],
            correct: [power(self.first), power(self.second)],
            epsilon: of(self.epsilon),
            decay: T::of(1.0 - rate * f64::from(self.decay)),
            rate: T::of(rate),
        };
        let gradient = gradient.into_data();
        // Tensors of one owner are changed where they are.
        let mut targets = [weights, momentum.moment_1, momentum.moment_2].map(Tensor::into_data);
        {
            let [weights, first, second] = targets.each_mut().map(|data| numbers_mut::<T>(data));
            let gradient = gradient.as_slice::<T>().expect("the type of the weights");
            let parts = weights
                .par_chunks_mut(CHUNK)
                .zip(first.par_chunks_mut(CHUNK))
                .zip(second.par_chunks_mut(CHUNK))
                .zip(gradient.par_chunks(CHUNK));
            if gradient.len() <= 2 * CHUNK {
                update.apply(weights, first, second, gradient);
            } else {
                parts.for_each(|(((weights, first), second), gradient)| {
                    update.apply(weights, first, second, gradient);
                });
            }
        }
        let [weights, first, second] = targets.map(|data| Tensor::from_data(data, options));
        let momentum = AdaptiveMomentumState::new(time, first, second);
        (weights, Some(AdamWState::new(momentum)))
    }
}

fn numbers_mut<T: Element>(data: &mut burn::tensor::TensorData) -> &mut [T] {
    data.as_mut_slice::<T>().expect("the type of the weights")
}

impl<T: Real> Update<T> {
    fn apply(&self, weights: &mut [T], first: &mut [T], second: &mut [T], gradient: &[T]) {
        vectorised(
            #[inline(always)]
            || {
                let moments = first.iter_mut().zip(second);
                for ((weight, (first, second)), &slope) in
                    weights.iter_mut().zip(moments).zip(gradient)
                {
                    *first = *first * self.keep[0] + slope * self.take[0];
                    *second = *second * self.keep[1] + slope * slope * self.take[1];
                    let spread = (*second / self.correct[1]).root() + self.epsilon;
                    let step = *first / self.correct[0] / spread;
                    *weight = *weight * self.decay - step * self.rate;
                }
            },
        );
    }
}

/// `a decay + b (1 - decay)`.
pub(crate) fn blend<const D: usize>(a: Tensor<D>, b: Tensor<D>, decay: f64) -> Tensor<D> {
    if on_own(&a) {
        apply2(Blend { decay }, a, b)
    } else {
        a * decay + b * (1.0 - decay)
    }
}

#[derive(Debug, Clone)]
struct Blend {
    decay: f64,
}

impl Operation<2> for Blend {
    type Kept = ();

    fn forward(&self, inputs: [FlexTensor; 2]) -> (FlexTensor, ()) {
        let [mut a, b] = inputs.map(whole);
        with_real!(b, T => {
            let (keep, take) = (T::of(self.decay), T::of(1.0 - self.decay));
            let run = |a: &mut [T], b: &[T]| {
                for (a, &b) in a.iter_mut().zip(b) {
                    *a = *a * keep + b * take;
                }
            };
            let (a, b) = (a.storage_mut::<T>(), b.storage::<T>());
            if b.len() <= 2 * CHUNK {
                run(a, b);
            } else {
                let chunks = a.par_chunks_mut(CHUNK).zip(b.par_chunks(CHUNK));
                chunks.for_each(|(a, b)| run(a, b));
            }
        });
        (a, ())
    }

    fn backward(
        &self,
        (): (),
        gradient: FlexTensor,
        _wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let gradient = whole(gradient);
        with_real!(gradient, T => {
            [self.decay, 1.0 - self.decay].map(|factor| {
                let slopes = gradient.storage::<T>().iter();
                Some(like(&gradient, slopes.map(|&slope| slope * T::of(factor)).collect()))
            })
        })
    }
}

/// `sum x^2`, `[1]`.
pub(crate) fn sum_of_squares<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    if on_own(&x) {
        apply1(Squares, x)
    } else {
        (x.clone() * x).sum()
    }
}

#[derive(Debug, Clone)]
struct Squares;

impl Operation<1> for Squares {
    type Kept = FlexTensor;

    fn forward(&self, [x]: [FlexTensor; 1]) -> (FlexTensor, FlexTensor) {
        let x = whole(x);
        let sum = with_real!(x, T => {
            // Blocks are added in double precision, one after another.
            let blocks = x.storage::<T>().chunks(CHUNK);
            let sum: f64 = blocks.map(|block| dot(block, block).wide()).sum();
            tensor(vec![T::of(sum)], [1])
        });
        (sum, x)
    }

    fn backward(
        &self,
        x: FlexTensor,
        gradient: FlexTensor,
        _wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let gradient = whole(gradient);
        with_real!(x, T => {
            let factor = T::of(2.0) * gradient.storage::<T>()[0];
            let values = x.storage::<T>().iter();
            [Some(like(&x, values.map(|&value| value * factor).collect()))]
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{Module, Param};
    use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};

    use super::*;

    #[derive(Module, Debug)]
    struct Two {
        small: Param<Tensor<2>>,
        large: Param<Tensor<1>>,
    }

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().iter::<f32>().collect()
    }

    /// Bit for bit, over steps, with and without decay.
    #[test]
    fn adamw_takes_the_steps_of_burn() {
        let device = Device::flex().autodiff();
        let wave = |count: usize, factor: f32| {
            let numbers = (0..count).map(|place| (factor * place as f32).sin());
            Tensor::<1>::from_data(numbers.collect::<Vec<f32>>().as_slice(), &device)
        };
        for decay in [0.0, 0.1] {
            let config = AdamWConfig::new()
                .with_beta_1(0.9)
                .with_beta_2(0.99)
                .with_epsilon(1e-8)
                .with_weight_decay(decay);
            let own = OnePass {
                burns: config.build(),
                first: 0.9,
                second: 0.99,
                epsilon: 1e-8,
                decay,
            };
            let train = |mut optimizer: ModuleOptimizer| {
                let mut model = Two {
                    small: Param::from_tensor(wave(12, 1.3).reshape([3, 4])),
                    large: Param::from_tensor(wave(5 * CHUNK / 2, 0.7)),
                };
                for step in 0..7 {
                    let small = model.small.val();
                    let loss = (small.clone() * small).sum() * (1.0 + step as f32)
                        + (model.large.val() * wave(5 * CHUNK / 2, 0.1)).sum();
                    let gradients = GradientsParams::from_grads(loss.backward(), &model);
                    model = optimizer.step(1e-2, model, gradients);
                }
                [values(model.small.val()), values(model.large.val())]
            };
            assert_eq!(train(own.into()), train(config.init()), "decay {decay}");
        }
    }

    #[test]
    fn blends_and_sums_are_those_of_burn() {
        let device = Device::flex();
        let [a, b] = [1.1_f32, 0.3].map(|factor| {
            let numbers = (0..50_000).map(|place| (factor * place as f32).cos());
            Tensor::<1>::from_data(numbers.collect::<Vec<f32>>().as_slice(), &device)
        });
        let found = values(blend(a.clone(), b.clone(), 0.99));
        assert_eq!(found, values(a.clone() * 0.99 + b * (1.0 - 0.99)));
        let found = values(sum_of_squares(a.clone()))[0];
        let expected = values((a.clone() * a).sum())[0];
        assert!((found / expected - 1.0).abs() < 1e-5, "{found} {expected}");
    }
}
