"""Results."""

from __future__ import annotations

import html
import json
import math
from typing import Any, NamedTuple

import numpy as np

from ._arrays import Array


class Estimate(NamedTuple):
    """A figure with its 95 % interval over molecules, whose ends are None where there is none.

    It is a tuple ``(value, low, high)`` and counts as its value in ``float(...)`` and in format strings.
    """

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Low and high end; None with too few molecules, or where molecules share rotations."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def __float__(self) -> float:
        return self.value

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else str(self)

    def __str__(self) -> str:
        if self.interval is None:
            return f"{self.value:.5g}"
        return f"{self.value:.5g} ({self.low:.5g} to {self.high:.5g})"


class Note(NamedTuple):
    """A remark that belongs to the figures. ``code`` is for programs; docs/measure.md lists them."""

    code: str
    text: str


def _estimate(found: dict[str, Any] | None) -> Estimate | None:
    return None if found is None else Estimate(found["value"], *(found["interval"] or ()))


class Split:
    """A loss and its parts, from :func:`twirl.split`, :meth:`twirl.Twirl.compute` and others.

    ``print(split)`` shows what ``twirlbench measure`` prints. With several terms these are the figures of
    their sum; ``split["forces"]`` has those of one.
    """

    def __init__(
        self,
        figures: dict[str, Any],
        text: str,
        flat: list[dict[str, Any]],
        rows: dict[str, Any] | None,
        place: int | None = None,
    ) -> None:
        self._figures = figures
        self._text = text
        self._flat = flat
        self._rows = rows
        self._place = 0 if len(figures["terms"]) == 1 else place

    @classmethod
    def _of(cls, measured: tuple[str, str, list[dict[str, Any]], dict[str, Any] | None]) -> Split:
        figures, text, flat, rows = measured
        return cls(json.loads(figures), text, flat, rows)

    def _with_notes(self, notes: list[Note]) -> Split:
        if notes:
            self._figures["notes"] = [note._asdict() for note in notes] + self._figures["notes"]
            lines = "".join(f"note: {note.text}\n" for note in notes)
            self._text = self._text.rstrip("\n") + "\n" + lines
        return self

    @property
    def _term(self) -> dict[str, Any]:
        return {} if self._place is None else self._figures["terms"][self._place]

    @property
    def _parts(self) -> dict[str, Any]:
        parts: dict[str, Any] = self._figures["total"] if self._place is None else self._term["parts"]
        return parts

    @property
    def loss(self) -> Estimate:
        """``L``, the mean over molecules and rotations, in the units of the loss."""
        return Estimate(*_pair(self._parts["loss"]))

    @property
    def mean(self) -> Estimate:
        """``L_mean``, the loss of the twirled prediction. Unbiased, so it can be negative by chance."""
        return Estimate(*_pair(self._parts["loss_mean"]))

    @property
    def equiv(self) -> Estimate:
        """``L_equiv = L - L_mean``, what imperfect symmetry adds."""
        return Estimate(*_pair(self._parts["loss_equiv"]))

    @property
    def percent(self) -> Estimate | None:
        """``100 L_equiv / L``; None where predictions equal targets up to rounding."""
        return _estimate(self._parts["percent_equiv"])

    @property
    def loss_of_zero(self) -> float:
        """``L0``, the loss of predicting zero."""
        return float(self._parts["loss_of_zero"])

    @property
    def of_zero(self) -> float | None:
        """``L / L0``: near 1 a model has learned little, and its percentage says little. None where every
        target is zero."""
        found = self._parts["loss_over_zero"]
        return None if found is None else float(found)

    @property
    def relative(self) -> float | None:
        """Squared symmetry error over the mean squared prediction; needs no target. None for a sum of
        terms and where every prediction is zero."""
        return self._term.get("relative_equiv")

    @property
    def parity(self) -> float | None:
        """Parity error over the mean squared prediction, where every rotation comes with its negative."""
        return self._term.get("parity")

    @property
    def spectrum(self) -> list[Estimate] | None:
        """Power by rotation degree, ``S_0, S_1, ...`` over the mean squared prediction; None where
        ``rotation`` was not given or the design mixes degrees."""
        found = self._term.get("spectrum")
        return None if found is None else [Estimate(*_pair(power)) for power in found]

    @property
    def squared(self) -> dict[str, Any] | None:
        """The squared loss of the same predictions, where another loss was split."""
        return self._term.get("squared")

    @property
    def per_molecule(self) -> dict[str, Array] | None:
        """Columns of every measured row: ``row`` (place on axis 0), ``molecule``, ``loss``, ``loss_mean``,
        ``loss_equiv``, ``loss_of_zero``, ``size``. Single estimates of a part can be negative. None from a
        streaming meter, which forgets rows."""
        if self._rows is None:
            return None
        terms = self._rows["terms"]
        if self._place is not None:
            terms = [terms[self._place]]
        sums = {name: np.sum([term[name] for term in terms], axis=0) for name in terms[0]}
        return {"row": self._rows["row"], "molecule": self._rows["molecule"], **sums}

    @property
    def notes(self) -> list[Note]:
        """Remarks on everything that was given, in the order in which they are printed."""
        return [Note(note["code"], note["text"]) for note in self._figures["notes"]]

    @property
    def terms(self) -> dict[str, Split]:
        """The terms by name; an only term without one has the name ``""``."""
        names = [term["name"] for term in self._figures["terms"]]
        return {name: self._view(place) for place, name in enumerate(names)}

    def _view(self, place: int) -> Split:
        return Split(self._figures, self._text, self._flat, self._rows, place)

    def __getitem__(self, name: str) -> Split:
        return self.terms[name]

    @property
    def figures(self) -> dict[str, Any]:
        """Everything, as ``twirlbench measure --json`` writes it."""
        return self._figures

    def to_dict(self, prefix: str = "", *, texts: bool = False) -> dict[str, Any]:
        """Numbers by name, flat: for ``log_dict``, ``wandb.log``, a row of pandas or polars.

        Names are the columns of ``twirlbench measure --csv`` after ``prefix``; those of the terms of a sum
        have the term's name and a stroke before them. A number that is not defined is NaN. With ``texts``
        also ``kind``, ``loss_name``, ``design`` and ``group``.
        """

        def numbers(row: dict[str, Any], start: str) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for name, value in row.items():
                if isinstance(value, str):
                    if texts:
                        found[start + name] = value
                else:
                    found[start + name] = math.nan if value is None else value
            return found

        if self._place is not None:
            return numbers(self._flat[self._place], prefix)
        found = numbers(self._flat[-1], prefix)
        for row in self._flat[:-1]:
            found.update(numbers(row, f"{prefix}{row['term']}/"))
        return found

    def __repr__(self) -> str:
        return self._text.rstrip("\n")

    def _repr_html_(self) -> str:
        rows = []
        names = {"": self} if self._place is not None else {"total": self, **self.terms}
        for name, split in names.items():
            head = f"<th colspan=3 style='text-align:left'>{html.escape(name)}</th>"
            rows.append(f"<tr>{head}</tr>" if name else "")
            of_zero = None if split.of_zero is None else Estimate(split.of_zero)
            lines: list[tuple[str, Estimate | None]] = [
                ("L", split.loss),
                ("L<sub>mean</sub>", split.mean),
                ("L<sub>equiv</sub>", split.equiv),
                ("percent", split.percent),
                ("L / L<sub>0</sub>", of_zero),
            ]
            for label, figure in lines:
                value = "none" if figure is None else f"{figure.value:.5g}"
                ends = figure.interval if figure is not None else None
                interval = f"{ends[0]:.5g} to {ends[1]:.5g}" if ends else ""
                rows.append(f"<tr><th style='text-align:left'>{label}</th><td>{value}</td><td>{interval}</td></tr>")
        notes = "".join(f"<li>{html.escape(note.text)}</li>" for note in self.notes)
        found = self._figures
        caption = f"{found['rows']} rows of {found['molecules']} molecules at {found['rotations']} rotations"
        return (
            f"<table><caption>{caption}</caption><tr><th></th><th>value</th><th>95 % interval</th></tr>"
            f"{''.join(rows)}</table>" + (f"<ul>{notes}</ul>" if notes else "")
        )


def _pair(found: dict[str, Any]) -> tuple[Any, ...]:
    return (found["value"], *(found["interval"] or ()))
