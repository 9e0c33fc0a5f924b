"""Run folders of twirlbench as columns."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import _twirl

Path = str | os.PathLike[str]
Columns = dict[str, np.ndarray[Any, np.dtype[Any]]]


def _columns(read: Callable[[str], Any], paths: Path | Iterable[Path]) -> Columns:
    if isinstance(paths, (str, os.PathLike)):
        paths = [paths]
    parts: list[dict[str, Any]] = []
    for path in paths:
        columns, broken = read(os.fspath(path))
        for folder, reason in broken:
            warnings.warn(f"{os.fspath(path)}: {folder} is left out: {reason}", stacklevel=3)
        rows = len(next(iter(columns.values()), []))
        if rows:
            parts.append({"folder": [os.fspath(path)] * rows, **columns})
    names = parts[0] if parts else {}
    return {name: np.concatenate([np.asarray(part[name]) for part in parts]) for name in names}


def read_runs(folder: Path | Iterable[Path]) -> Columns:
    """One row for each run below a folder, or below several: what it was and its last figures.

    Returns a dict of arrays of one length, which pandas and polars take as it is. ``loss`` and its parts
    are those of the last record, ``device_seconds`` is training time; missing numbers are NaN. A run
    that cannot be read is left out with a warning.
    """
    return _columns(_twirl.runs, folder)


def curve(paths: Path | Iterable[Path]) -> Columns:
    """One row for each measurement of the runs below a folder, or below several, and each term.

    The term ``total`` is the training loss. Returns a dict of arrays of one length with ``step``,
    ``samples``, ``device_seconds``, ``loss``, ``loss_mean``, ``loss_equiv``, ``percent_equiv`` and its
    interval, ``floor`` (in percent), ``loss_of_zero`` and further columns; missing numbers are NaN.
    """
    return _columns(_twirl.curves, paths)
