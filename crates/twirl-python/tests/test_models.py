"""Functions as models: frameworks, noise, quadrature of one's own."""

import numpy as np
import pytest
from conftest import A, Scene

import twirl


def test_a_function_of_positions(scene):
    found = twirl.measure_model(lambda x: x @ A.T, scene.x, scene.target, rotations=6, seed=1)
    expected = twirl.split(*scene.arrays, kind="vector")
    assert float(found.percent) == pytest.approx(float(expected.percent), rel=1e-12)
    untwisted = twirl.measure_model(
        lambda x: x @ A.T, scene.x, scene.target, rotations=6, seed=1, untwist=lambda y, R: y @ R
    )
    assert float(untwisted.percent) == pytest.approx(float(expected.percent), rel=1e-12)


def test_anything_that_turns_is_turned(scene):
    """A field beside the positions: the model is equivariant only if both turn."""
    field = np.random.default_rng(5).normal(size=(60, 1, 3))
    target = np.cross(scene.x, field)

    def model(inputs):
        x, e = inputs
        return np.cross(x, e) + 1e-3 * x

    def rotate(inputs, R):
        return tuple(part @ R.transpose(0, 2, 1) for part in inputs)

    found = twirl.measure_model(model, (scene.x, field), target, rotate=rotate)
    assert found.relative < 1e-28
    forgotten = twirl.measure_model(
        model, (scene.x, field), target, rotate=lambda inputs, R: (inputs[0] @ R.transpose(0, 2, 1), inputs[1])
    )
    assert forgotten.relative > 0.1


def test_noise_and_training_mode_are_refused(scene):
    random = np.random.default_rng(0)
    with pytest.raises(ValueError, match="^the model gives different outputs for the same input; hold its noise fixed"):
        twirl.measure_model(lambda x: x + 0.1 * random.normal(size=x.shape), scene.x, scene.target)
    fixed = 0.1 * random.normal(size=scene.x.shape)
    assert twirl.measure_model(lambda x: x + fixed, scene.x, scene.target).equiv.value > 0

    class Module:
        training = True

        def __call__(self, x):
            return x

    with pytest.raises(ValueError, match=r"call model.eval\(\) first"):
        twirl.measure_model(Module(), scene.x, scene.target)
    with pytest.raises(ValueError, match=r"^inputs have shape \[60, 12\]"):
        twirl.measure_model(lambda x: x, scene.x.reshape(60, 12), scene.target)


def test_designs(scene):
    model, target = (lambda x: x @ A.T), scene.target
    group = twirl.measure_model(model, scene.x, target, design="octahedral")
    assert group.figures["rotations"] == 24 and group.figures["design"] == "octahedral"
    orbits = twirl.measure_model(model, scene.x, target, design="orbits:tetrahedral", rotations=24)
    assert orbits.figures["rotations"] == 24
    # Exact for this degree in every molecule, whose shares are all the same.
    assert float(group.percent) == pytest.approx(Scene.percent(), rel=1e-12)
    assert float(orbits.percent) == pytest.approx(Scene.percent(), rel=1e-12)
    both = twirl.measure_model(lambda x: x @ A.T + x**2, scene.x, target, design="octahedral", inversions=True)
    assert both.figures["rotations"] == 48 and both.parity > 0


def legendre(degree):
    """Product rule in Euler angles, written here anew: nodes [n, 3, 3] and weights."""
    cosines, of_beta = np.polynomial.legendre.leggauss(degree // 2 + 1)
    angles = 2 * np.pi * np.arange(degree + 1) / (degree + 1)

    def about_z(angle):
        c, s = np.cos(angle), np.sin(angle)
        return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])

    nodes, weights = [], []
    for alpha in angles:
        for cosine, weight in zip(cosines, of_beta, strict=True):
            sine = np.sqrt(1 - cosine**2)
            middle = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
            for gamma in angles:
                nodes.append(about_z(alpha) @ middle @ about_z(gamma))
                weights.append(weight / 2 / len(angles) ** 2)
    return np.array(nodes), np.array(weights)


def cubic(x):
    """A polynomial of each atom's position that no rotation leaves alone, with even parts too."""
    return x @ A.T + 0.2 * x**2 + 0.1 * x**3 + 0.05 * np.roll(x, 1, axis=-1) ** 2 * x


@pytest.mark.parametrize("inversions", [False, True])
def test_an_own_quadrature_agrees(inversions):
    scene = Scene(molecules=40, rotations=2)
    nodes, weights = legendre(10)
    if inversions:
        nodes, weights = np.concatenate([nodes, -nodes]), np.concatenate([weights, weights]) / 2
    untwisted = np.stack([cubic(scene.x @ R.T) @ R for R in nodes], axis=1)
    mean = np.einsum("r,mrai->mai", weights, untwisted)
    equiv = np.einsum("r,mrai->m", weights, (untwisted - mean[:, None]) ** 2)
    loss = np.einsum("r,mrai->m", weights, (untwisted - scene.target[:, None]) ** 2)
    exact = 100 * equiv.mean() / loss.mean()
    # Its nodes through the library: the same sums.
    turned = np.stack([cubic(scene.x @ R.T) for R in nodes], axis=1)
    by_nodes = twirl.split(turned, scene.target, nodes, kind="vector", rotation_weight=weights, degree=0)
    assert float(by_nodes.percent) == pytest.approx(exact, rel=1e-11)
    # The library's nodes of another degree, and draws: every molecule within the error of its draws.
    rule, of_rule = twirl.quadrature(8, inversions=inversions)
    turned = np.stack([cubic(scene.x @ R.T) for R in rule], axis=1)
    other = twirl.split(turned, scene.target, rule, kind="vector", rotation_weight=of_rule, degree=0)
    assert float(other.percent) == pytest.approx(exact, rel=1e-11)
    drawn = twirl.measure_model(cubic, scene.x, scene.target, rotations=64, seed=3, inversions=inversions)
    errors = drawn.per_molecule["loss_equiv"] - equiv
    assert abs(errors.mean()) < 4 * errors.std() / np.sqrt(len(errors))
    assert drawn.figures["group"] == ("O(3)" if inversions else "SO(3)")


def test_torch(scene):
    torch = pytest.importorskip("torch")
    tensors = [torch.from_numpy(array) for array in scene.arrays]
    expected = twirl.split(*scene.arrays, kind="vector").figures
    with_gradient = tensors[0].clone().requires_grad_()
    assert twirl.split(with_gradient, *tensors[1:], kind="vector").figures == expected
    half = twirl.split(tensors[0].to(torch.bfloat16), *tensors[1:], kind="vector")
    assert half.figures["terms"][0]["relative_equiv"] > 0
    mask = torch.ones(60, 4, dtype=torch.bool)
    assert twirl.split(*tensors, kind="vector", mask=mask).figures == expected
    weight = torch.from_numpy(A).float()
    x = torch.from_numpy(scene.x).float()
    found = twirl.measure_model(lambda x: x @ weight.T, x, tensors[1], rotations=6, seed=1)
    exact = expected["terms"][0]["parts"]["percent_equiv"]["value"]
    assert float(found.percent) == pytest.approx(exact, rel=1e-5)
    module = torch.nn.Linear(3, 3)
    with pytest.raises(ValueError, match="training mode"):
        twirl.measure_model(module, x, tensors[1])
    assert twirl.measure_model(module.eval(), x, tensors[1]).equiv.value > 0
    if torch.cuda.is_available():
        on_device = twirl.measure_model(lambda x: x @ weight.T.to(x.device), x.cuda(), tensors[1], rotations=6, seed=1)
        assert float(on_device.percent) == pytest.approx(exact, rel=1e-3)


def test_forces_that_are_gradients(scene):
    """An invariant energy: its forces have no symmetry error beyond rounding."""
    torch = pytest.importorskip("torch")

    def model(x):
        x = x.detach().requires_grad_()
        energy = (x[:, :, None] - x[:, None]).pow(2).sum(-1).tanh().sum((1, 2))
        (gradient,) = torch.autograd.grad(energy.sum(), x)
        return {"energy": energy[:, None], "forces": -gradient}

    x = torch.from_numpy(scene.x)
    labels = {"energy": torch.ones(60, 1), "forces": torch.from_numpy(scene.target)}
    kind = {"energy": "scalar", "forces": "vector"}
    found = twirl.measure_model(model, x, labels, kind=kind)
    assert found["forces"].relative < 1e-28 and found["energy"].relative < 1e-28


def test_jax(scene):
    jax = pytest.importorskip("jax")
    import jax.numpy as jnp

    arrays = [jnp.asarray(array, dtype=jnp.float32) for array in scene.arrays]
    single = [np.asarray(array) for array in arrays]
    assert twirl.split(*arrays, kind="vector").figures == twirl.split(*single, kind="vector").figures
    half = twirl.split(arrays[0].astype(jnp.bfloat16), *arrays[1:], kind="vector")
    assert half.equiv.value > 0
    model = jax.jit(lambda x: x @ jnp.asarray(A, dtype=x.dtype).T)
    found = twirl.measure_model(model, jnp.asarray(scene.x, dtype=jnp.float32), arrays[1], rotations=6, seed=1)
    assert float(found.percent) == pytest.approx(float(twirl.split(*scene.arrays, kind="vector").percent), rel=1e-5)


def symmetrized(scene):
    """`L_equiv` of `cubic` under O(3), mean over atoms, by metatomic's SymmetrizedModel: its variance is
    averaged over the three components."""
    import torch
    from metatensor.torch import Labels, TensorBlock, TensorMap
    from metatomic.torch import ModelOutput, System
    from metatomic.torch.o3 import SymmetrizedModel

    name = "non_conservative_force"
    one = torch.zeros(1, 1, dtype=torch.int64)

    class Model(torch.nn.Module):
        def forward(self, systems, outputs, selected_atoms=None):
            values = torch.cat([torch.from_numpy(cubic(system.positions.numpy())) for system in systems])
            pairs = [[s, a] for s, system in enumerate(systems) for a in range(len(system.positions))]
            block = TensorBlock(
                values=values[..., None],
                samples=Labels(["system", "atom"], torch.tensor(pairs)),
                components=[Labels(["xyz"], torch.arange(3)[:, None])],
                properties=Labels([name], one),
            )
            return {name: TensorMap(Labels(["_"], one), [block])}

        def requested_neighbor_lists(self):
            return []

        def requested_inputs(self):
            return {}

    def system(x):
        cell, pbc = torch.zeros(3, 3, dtype=torch.float64), torch.zeros(3, dtype=torch.bool)
        return System(types=torch.ones(len(x), dtype=torch.int64), positions=torch.from_numpy(x), cell=cell, pbc=pbc)

    model = SymmetrizedModel(Model(), max_angular_momentum_target=1, max_angular_momentum_grid=10)
    request = f"o3::variance::{name}"
    variance = model([system(x) for x in scene.x], {request: ModelOutput(sample_kind="atom")}, None)[request]
    return 3 * variance.block().values.detach().numpy().reshape(scene.x.shape[:2]).mean(axis=1)


def test_metatomic():
    """The same quantity from another project's quadrature."""
    pytest.importorskip("metatomic.torch")
    scene = Scene(molecules=6, rotations=2)
    rule, weights = twirl.quadrature(8, inversions=True)
    turned = np.stack([cubic(scene.x @ R.T) for R in rule], axis=1)
    options = {"kind": "vector", "weight": np.full((6, 4), 0.25)}
    ours = twirl.split(turned, scene.target, rule, rotation_weight=weights, **options)
    np.testing.assert_allclose(ours.per_molecule["loss_equiv"], symmetrized(scene), rtol=1e-10)
