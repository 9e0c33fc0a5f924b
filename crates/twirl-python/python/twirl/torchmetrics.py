"""The meter as a metric of torchmetrics: synchronised over processes, saved with checkpoints."""

from __future__ import annotations

from typing import Any

import torch
from torchmetrics import Metric

from ._meter import Twirl
from ._result import Split


class TwirlMetric(Metric):
    """``L``, ``L_mean``, ``L_equiv`` and the percentage as a ``torchmetrics.Metric``.

    ``update`` takes what :meth:`twirl.Twirl.update` takes, ``compute`` gives a mapping of names to tensors
    for ``log_dict``, :meth:`split` the whole :class:`twirl.Split`. States are those of the meter as bytes,
    gathered over processes and added up there. Give ``molecule`` where a molecule may reach two
    processes; without it rows are numbered apart on each.
    """

    is_differentiable = False
    higher_is_better = False
    full_state_update = False

    def __init__(
        self,
        *,
        kind: Any = "untwisted",
        loss: Any = "squared",
        design: str | None = None,
        degree: int = 6,
        replicates: int = 2000,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._how = {
            "kind": kind,
            "loss": loss,
            "design": design,
            "degree": degree,
            "replicates": replicates,
            "seed": seed,
        }
        self._rows = 0
        self.add_state("parts", default=[], dist_reduce_fx="cat")

    def _held(self) -> Twirl:
        meter = Twirl(**self._how)
        parts = self.parts if isinstance(self.parts, list) else [self.parts]
        if parts:
            meter.load(torch.cat([part.reshape(-1) for part in parts]).cpu().numpy().tobytes())
        return meter

    def update(self, prediction: Any, target: Any, rotation: Any = None, *, molecule: Any = None, **arrays: Any) -> None:
        """Add a batch; see :meth:`twirl.Twirl.update`."""
        rows = len(next(iter(prediction.values())) if isinstance(prediction, dict) else prediction)
        if molecule is None:
            distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
            first = ((torch.distributed.get_rank() if distributed else 0) << 40) + self._rows
            molecule = range(first, first + rows)
        meter = self._held()
        meter.update(prediction, target, rotation, molecule=molecule, **arrays)
        self._rows += rows
        self.parts = [torch.frombuffer(bytearray(meter.save()), dtype=torch.uint8).to(self.device)]

    def compute(self) -> dict[str, torch.Tensor]:
        """Numbers by name, those of :meth:`twirl.Split.to_dict`."""
        found = self._held().compute().to_dict()
        return {name: torch.tensor(float(value), dtype=torch.float64) for name, value in found.items()}

    def split(self) -> Split:
        """Everything, of this process alone unless its state was gathered."""
        return self._held().compute()
