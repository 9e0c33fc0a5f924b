//! The one place where own operations enter burn's graph.

use std::fmt::Debug;
use std::marker::PhantomData;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Element, Tensor, TensorData};

/// A function of `N` tensors of the CPU device, with its derivative.
pub trait Operation<const N: usize>: Clone + Debug + Send + 'static {
    /// What the backward pass needs.
    type Kept: Clone + Debug + Send + 'static;

    /// Whether operations on the value hand over their gradients themselves, past burn's graph. The
    /// backward pass then runs after theirs, with an empty gradient.
    const HANDED: bool = false;

    /// The value. Inputs may be views with any strides.
    fn forward(&self, inputs: [FlexTensor; N]) -> (FlexTensor, Self::Kept);

    /// Gradients for those inputs that are `wanted`, from the gradient for the value.
    fn backward(
        &self,
        kept: Self::Kept,
        gradient: FlexTensor,
        wanted: [bool; N],
    ) -> [Option<FlexTensor>; N];
}

/// A contiguous tensor of row-major values.
///
/// # Panics
/// If there are not as many values as the shape says.
#[must_use]
pub fn tensor<T: Element, const D: usize>(values: Vec<T>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

/// A contiguous tensor of the shape of another.
///
/// # Panics
/// If there are not as many values as the other has.
#[must_use]
pub fn like<T: Element>(other: &FlexTensor, values: Vec<T>) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, other.layout().shape().clone()))
}

/// The same tensor with its values in row-major order from the beginning of its storage.
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "one owner must stay one")]
pub fn whole(tensor: FlexTensor) -> FlexTensor {
    // `tensor` goes away here, so that a tensor of one owner stays so and can be written to.
    tensor.to_contiguous()
}

/// Applies an operation on the CPU device.
pub fn apply1<const A: usize, const R: usize>(
    operation: impl Operation<1>,
    a: Tensor<A>,
) -> Tensor<R> {
    Tensor::from_dispatch(Dispatch::own1(a.into_dispatch(), operation))
}

/// As [`apply1`].
pub fn apply2<const A: usize, const B: usize, const R: usize>(
    operation: impl Operation<2>,
    a: Tensor<A>,
    b: Tensor<B>,
) -> Tensor<R> {
    let (a, b) = (a.into_dispatch(), b.into_dispatch());
    Tensor::from_dispatch(Dispatch::own2(a, b, operation))
}

/// As [`apply1`].
pub fn apply3<const A: usize, const B: usize, const C: usize, const R: usize>(
    operation: impl Operation<3>,
    a: Tensor<A>,
    b: Tensor<B>,
    c: Tensor<C>,
) -> Tensor<R> {
    let (a, b, c) = (a.into_dispatch(), b.into_dispatch(), c.into_dispatch());
    Tensor::from_dispatch(Dispatch::own3(a, b, c, operation))
}

/// As [`apply1`].
pub fn apply4<const A: usize, const B: usize, const C: usize, const D: usize, const R: usize>(
    operation: impl Operation<4>,
    a: Tensor<A>,
    b: Tensor<B>,
    c: Tensor<C>,
    d: Tensor<D>,
) -> Tensor<R> {
    let (a, b) = (a.into_dispatch(), b.into_dispatch());
    let (c, d) = (c.into_dispatch(), d.into_dispatch());
    Tensor::from_dispatch(Dispatch::own4(a, b, c, d, operation))
}

/// As [`apply1`].
pub fn apply5<
    const A: usize,
    const B: usize,
    const C: usize,
    const D: usize,
    const E: usize,
    const R: usize,
>(
    operation: impl Operation<5>,
    a: Tensor<A>,
    b: Tensor<B>,
    c: Tensor<C>,
    d: Tensor<D>,
    e: Tensor<E>,
) -> Tensor<R> {
    let (a, b, c) = (a.into_dispatch(), b.into_dispatch(), c.into_dispatch());
    let (d, e) = (d.into_dispatch(), e.into_dispatch());
    Tensor::from_dispatch(Dispatch::own5(a, b, c, d, e, operation))
}

#[backend_extension(Flex, Autodiff)]
trait Own: Backend {
    fn own1<O: Operation<1>>(a: FloatTensor<Self>, operation: O) -> FloatTensor<Self>;
    fn own2<O: Operation<2>>(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self>;
    fn own3<O: Operation<3>>(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self>;
    fn own4<O: Operation<4>>(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self>;
    fn own5<O: Operation<5>>(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
        e: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self>;
}

macro_rules! methods {
    ($run:expr) => {
        fn own1<O: Operation<1>>(a: FloatTensor<Self>, operation: O) -> FloatTensor<Self> {
            $run([a], operation)
        }
        fn own2<O: Operation<2>>(
            a: FloatTensor<Self>,
            b: FloatTensor<Self>,
            operation: O,
        ) -> FloatTensor<Self> {
            $run([a, b], operation)
        }
        fn own3<O: Operation<3>>(
            a: FloatTensor<Self>,
            b: FloatTensor<Self>,
            c: FloatTensor<Self>,
            operation: O,
        ) -> FloatTensor<Self> {
            $run([a, b, c], operation)
        }
        fn own4<O: Operation<4>>(
            a: FloatTensor<Self>,
            b: FloatTensor<Self>,
            c: FloatTensor<Self>,
            d: FloatTensor<Self>,
            operation: O,
        ) -> FloatTensor<Self> {
            $run([a, b, c, d], operation)
        }
        fn own5<O: Operation<5>>(
            a: FloatTensor<Self>,
            b: FloatTensor<Self>,
            c: FloatTensor<Self>,
            d: FloatTensor<Self>,
            e: FloatTensor<Self>,
            operation: O,
        ) -> FloatTensor<Self> {
            $run([a, b, c, d, e], operation)
        }
    };
}

impl Own for Flex {
    methods!(value);
}

impl<C: CheckpointStrategy> Own for Autodiff<Flex, C> {
    methods!(tracked::<C, _, _>);
}

#[expect(clippy::needless_pass_by_value, reason = "called like `tracked`")]
fn value<O: Operation<N>, const N: usize>(inputs: [FlexTensor; N], operation: O) -> FlexTensor {
    operation.forward(inputs).0
}

fn tracked<C: CheckpointStrategy, O: Operation<N>, const N: usize>(
    inputs: [FloatTensor<Autodiff<Flex, C>>; N],
    operation: O,
) -> FloatTensor<Autodiff<Flex, C>> {
    let nodes = inputs
        .each_ref()
        .map(FloatTensor::<Autodiff<Flex, C>>::node);
    let inputs = inputs.map(FloatTensor::<Autodiff<Flex, C>>::into_primitive);
    let (output, kept) = operation.forward(inputs);
    let step = Step(PhantomData::<fn() -> O>);
    match step.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(step) => step.finish((operation, kept), output),
        OpsKind::UnTracked(step) => step.finish(output),
    }
}

struct Step<O>(PhantomData<fn() -> O>);

impl<O> Debug for Step<O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::any::type_name::<O>())
    }
}

impl<O: Operation<N>, const N: usize> Backward<Flex, N> for Step<O> {
    type State = (O, O::Kept);

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let gradient = if O::HANDED {
            tensor(Vec::<f32>::new(), [0])
        } else {
            gradients.consume::<Flex>(&ops.node)
        };
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let (operation, kept) = ops.state;
        let found = operation.backward(kept, gradient, wanted);
        for (parent, found) in ops.parents.into_iter().zip(found) {
            if let (Some(parent), Some(found)) = (parent, found) {
                gradients.register::<Flex>(parent.id, found);
            }
        }
    }
}
