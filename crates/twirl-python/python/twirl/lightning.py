"""Symmetry error through training, as a callback of Lightning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

try:
    from lightning.pytorch import Callback
except ImportError:  # the older name of the package
    from pytorch_lightning import Callback  # type: ignore[assignment]

from ._result import Split


class TwirlCallback(Callback):
    """Measure every so many optimiser steps and log the figures.

    Parameters
    ----------
    measure
        Of the module, in evaluation mode, to a :class:`twirl.Split`: for example a call of
        :func:`twirl.measure_model` on held-out molecules. The same seed each time follows the same
        rotations.
    every_n_steps
        Steps between measurements; the weights before the first step are measured too.
    prefix
        Of the names that are logged: ``twirl/percent_equiv`` and so on.

    ``history`` holds pairs of step and split.
    """

    def __init__(self, measure: Callable[[Any], Split], every_n_steps: int = 100, prefix: str = "twirl/") -> None:
        self.measure = measure
        self.every_n_steps = every_n_steps
        self.prefix = prefix
        self.history: list[tuple[int, Split]] = []

    def _measured(self, trainer: Any, module: Any) -> Split:
        was_training = module.training
        module.eval()
        try:
            split = self.measure(module)
        finally:
            module.train(was_training)
        self.history.append((trainer.global_step, split))
        return split

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """The weights before the first step; there is nothing to log to yet."""
        self._measured(trainer, pl_module)

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any) -> None:
        """After a step."""
        new = trainer.global_step != self.history[-1][0]
        if new and trainer.global_step % self.every_n_steps == 0:
            split = self._measured(trainer, pl_module)
            numbers = split.to_dict(self.prefix)
            pl_module.log_dict({name: float(value) for name, value in numbers.items()})
