"""The meter part by part: sums that add up, processes, torchmetrics, Lightning."""

import multiprocessing
import pickle

import numpy as np
import pytest
from conftest import Scene

import twirl

OPTIONS = {"kind": "vector", "replicates": 400}


def close(a, b):
    for name, value in a.to_dict().items():
        assert value == pytest.approx(b.to_dict()[name], rel=1e-11, nan_ok=True), name
    assert a.notes == b.notes


def parts(scene, sizes):
    prediction, target, rotation = scene.arrays
    start = 0
    for size in sizes:
        rows = slice(start, start + size)
        yield (prediction[rows], target[rows], rotation[rows]), range(start, start + size)
        start += size


def test_batches_give_the_figures_of_the_whole(scene):
    whole = twirl.split(*scene.arrays, **OPTIONS)
    meter = twirl.Twirl(**OPTIONS)
    for arrays, _ in parts(scene, [1, 20, 39]):
        meter.update(*arrays)
    assert meter.rows == 60 and "60 rows" in repr(meter)
    close(meter.compute(), whole)
    assert meter.compute().per_molecule is None
    meter.reset()
    with pytest.raises(ValueError, match="^no predictions were given; nothing is left to measure$"):
        meter.compute()
    with pytest.raises(ValueError, match="^target has shape"):
        meter.update(scene.target, scene.target)
    assert meter.rows == 0


def test_merging_and_bytes(scene):
    whole = twirl.split(*scene.arrays, **OPTIONS)
    meters = []
    for arrays, numbers in parts(scene, [10, 30, 20]):
        meter = twirl.Twirl(**OPTIONS)
        meter.update(*arrays, molecule=numbers)
        meters.append(meter)
    joined = twirl.Twirl(**OPTIONS)
    joined.load(b"".join(meter.save() for meter in meters))
    close(joined.compute(), whole)
    first = pickle.loads(pickle.dumps(meters[2]))
    first.merge(meters[0])
    first.merge(meters[1])
    close(first.compute(), whole)
    with pytest.raises(ValueError, match="saved meter"):
        first.load(b"no")
    other = twirl.Twirl(kind="vector", replicates=400)
    other.update(scene.prediction[:, :2], scene.target, scene.rotation[:, :2])
    with pytest.raises(ValueError, match="^rotations: 2 here but 6 before; measure them apart$"):
        first.merge(other)


def _measured(seed):
    meter = twirl.Twirl(**OPTIONS)
    meter.update(*Scene(molecules=20, seed=seed).arrays, molecule=range(20 * seed, 20 * seed + 20))
    return meter


def test_processes():
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        meters = pool.map(_measured, range(3))
    total = twirl.Twirl(**OPTIONS)
    for meter in meters:
        total.merge(meter)
    assert total.compute().figures["molecules"] == 60
    again = twirl.Twirl(**OPTIONS)
    for seed in (2, 0, 1):
        again.merge(_measured(seed))
    close(total.compute(), again.compute())


def test_batches_of_different_sizes():
    meter = twirl.Twirl(kind="vector")
    for atoms in (3, 7):
        scene = Scene(molecules=10, atoms=atoms, seed=atoms)
        meter.update(*scene.arrays, weight=np.full((10, atoms), 1 / atoms))
    found = meter.compute()
    assert found.figures["rows"] == 20 and found.figures["terms"][0]["blocks"] == 7


def test_torchmetrics(scene):
    torch = pytest.importorskip("torch")
    pytest.importorskip("torchmetrics")
    from twirl.torchmetrics import TwirlMetric

    whole = twirl.split(*scene.arrays, **OPTIONS)
    metric = TwirlMetric(**OPTIONS)
    for arrays, _ in parts(scene, [15, 45]):
        batch = metric(*map(torch.from_numpy, arrays))
        assert 0 < float(batch["percent_equiv"]) < 100
    assert float(metric.compute()["percent_equiv"]) == pytest.approx(float(whole.percent), rel=1e-12)
    close(metric.split(), whole)
    # What a gather over processes does: states one after the other, reduced by `cat`.
    halves = []
    for arrays, numbers in parts(scene, [25, 35]):
        half = TwirlMetric(**OPTIONS)
        half.update(*arrays, molecule=numbers)
        halves.append(half)
    gathered = TwirlMetric(**OPTIONS)
    gathered.parts = torch.cat([torch.cat(half.parts) for half in halves])
    close(gathered.split(), whole)
    metric.persistent(True)
    other = TwirlMetric(**OPTIONS)
    other.persistent(True)
    other.load_state_dict(metric.state_dict())
    close(other.split(), whole)
    metric.reset()
    with pytest.raises(ValueError):
        metric.split()


def _rank(rank, path, results):
    import torch
    from conftest import Scene

    from twirl.torchmetrics import TwirlMetric

    torch.distributed.init_process_group("gloo", init_method=f"file://{path}", rank=rank, world_size=2)
    metric = TwirlMetric(**OPTIONS)
    scene = Scene()
    sizes = [25, 35]
    (arrays, numbers) = list(parts(scene, sizes))[rank]
    metric.update(*arrays, molecule=numbers)
    results.put(float(metric.compute()["percent_equiv"]))
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def test_torchmetrics_over_processes(scene, tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("torchmetrics")
    if not torch.distributed.is_available():
        pytest.skip("this PyTorch has no distributed part")
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    ranks = [context.Process(target=_rank, args=(rank, tmp_path / "meeting", results)) for rank in range(2)]
    for process in ranks:
        process.start()
    found = [results.get(timeout=120) for _ in ranks]
    for process in ranks:
        process.join()
    whole = twirl.split(*scene.arrays, **OPTIONS)
    assert found[0] == found[1] == pytest.approx(float(whole.percent), rel=1e-12)


def test_lightning(scene, tmp_path):
    torch = pytest.importorskip("torch")
    pl = pytest.importorskip("lightning.pytorch")
    if torch.__version__.startswith("1."):  # its sharded tensors cannot be imported by Python 3.11
        pl.LightningModule._register_sharded_tensor_state_dict_hooks_if_available = lambda _: None
    from twirl.lightning import TwirlCallback

    x, y = torch.from_numpy(scene.x).float(), torch.from_numpy(scene.target).float()

    class Plain(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.Sequential(torch.nn.Linear(3, 16), torch.nn.Dropout(0.1), torch.nn.Linear(16, 3))

        def forward(self, x):
            return self.layers(x)

        def training_step(self, batch, _):
            assert self.training
            return torch.nn.functional.mse_loss(self(batch[0]), batch[1])

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=1e-2)

    def measure(model):
        assert not model.training
        with torch.no_grad():
            return twirl.measure_model(model, x.to(model.device), y, rotations=4, replicates=200)

    callback = TwirlCallback(measure, every_n_steps=5)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=10)
    trainer = pl.Trainer(
        max_steps=20,
        callbacks=[callback],
        accelerator="cpu",
        default_root_dir=tmp_path,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
    )
    torch.manual_seed(0)
    trainer.fit(Plain(), loader)
    assert [step for step, _ in callback.history] == [0, 5, 10, 15, 20]
    logged = trainer.logged_metrics
    assert float(logged["twirl/percent_equiv"]) == pytest.approx(float(callback.history[-1][1].percent), rel=1e-6)
