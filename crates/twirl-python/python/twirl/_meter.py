"""The split, of arrays at once or part by part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _twirl
from ._arrays import as_numpy, optional
from ._result import Split


def _of(value: Any, name: str) -> Any:
    """What belongs to a term: a mapping has a value for each, anything else serves all."""
    return value.get(name) if isinstance(value, Mapping) else value


def _terms(prediction: Any, target: Any, mask: Any, weight: Any, kind: Any, loss: Any) -> list[Any]:
    predictions = prediction if isinstance(prediction, Mapping) else {"": prediction}
    terms = []
    for name, values in predictions.items():
        start = f"{name}." if name else ""
        labels = _of(target, name) if name else target
        if labels is None:
            found = ", ".join(f"{other}.prediction" for other in predictions)
            raise ValueError(f"array {start}target is missing (found: {found})")
        terms.append(
            (
                str(name),
                as_numpy(values, f"{start}prediction"),
                as_numpy(labels, f"{start}target"),
                optional(_of(mask, name), f"{start}mask"),
                optional(_of(weight, name), f"{start}weight"),
                _of(kind, name) or "untwisted",
                _of(loss, name) or "squared",
            )
        )
    return terms


def _options(replicates: int, seed: int, degree: int) -> tuple[int, int, int]:
    for name, value in (("replicates", replicates), ("seed", seed), ("degree", degree)):
        if value < 0:
            raise ValueError(f"{name} is {value}; give 0 or more")
    return replicates, seed, degree


def _common(rotation: Any, rotation_weight: Any, molecule: Any, position: Any, design: str | None) -> Any:
    return (
        optional(rotation, "rotation"),
        optional(rotation_weight, "rotation_weight"),
        optional(molecule, "molecule"),
        optional(position, "position"),
        design,
    )


def split(
    prediction: Any,
    target: Any,
    rotation: Any = None,
    *,
    kind: Any = "untwisted",
    loss: Any = "squared",
    weight: Any = None,
    mask: Any = None,
    molecule: Any = None,
    position: Any = None,
    rotation_weight: Any = None,
    design: str | None = None,
    degree: int = 6,
    replicates: int = 2000,
    seed: int = 0,
) -> Split:
    """Split the loss of predictions at several rotations of every molecule.

    Parameters
    ----------
    prediction
        ``[molecules, rotations, ...blocks, dim]``: what the model said of ``R x``, everything random in it
        held fixed. A block is what the loss takes the length of: an atom's force (dim 3), a molecule's
        energy (no axis of blocks, dim 1). A mapping of names to arrays splits several terms and their sum;
        ``target``, ``weight``, ``mask``, ``kind`` and ``loss`` may then be mappings too.
    target
        ``[molecules, ...blocks, dim]``: labels of the unrotated molecules.
    rotation
        ``[molecules, rotations, 3, 3]`` (or ``[rotations, 3, 3]`` for all, which leaves no interval): the
        matrices that turned the inputs, ``x -> R x``. Needed by kinds that turn, and for the spectrum.
    kind
        How outputs turn with the input. ``untwisted``: turned back already. ``scalar``: not at all.
        ``vector``, ``axial``, ``tensor`` (9 components), ``symmetric`` (xx, yy, zz, yz, xz, xy),
        ``spherical:L``: they are turned back here.
    loss
        ``squared``, ``norm``, ``huber:DELTA`` (of the length of a block's residual), ``cross-entropy``.
    weight, mask
        ``[molecules, ...blocks]``: weights of 0 or more, and 1 or 0 at padding. The loss of a molecule is
        the sum over blocks of ``mask * weight * loss``: for a mean over atoms give the weight 1 / atoms.
    molecule
        ``[molecules]``: whole numbers; rows with the same number are resampled together.
    position
        ``[molecules, atoms, 3]``: unrotated atoms, to leave out molecules that cannot show symmetry.
    rotation_weight
        ``[molecules, rotations]`` or ``[rotations]``: weights of quadrature nodes.
    design
        ``iid`` (default; independent uniform rotations, as of :func:`haar`), the name of a
        :func:`group`, ``orbits:GROUP``, ``subset:GROUP``, ``quadrature`` (default where there are weights).
    degree, replicates, seed
        Highest degree of the spectrum; replicates of the bootstrap over molecules, and its seed.

    Returns
    -------
    :class:`Split`

    Raises
    ------
    ValueError
        One line that names the array, the place and the remedy.
    """
    terms = _terms(prediction, target, mask, weight, kind, loss)
    common = _common(rotation, rotation_weight, molecule, position, design)
    return Split._of(_twirl.measure(terms, common, *_options(replicates, seed, degree)))


class Twirl:
    """A meter for predictions that come batch by batch.

    Memory does not grow with the data but for some bytes of each molecule and rotation. States add up:
    :meth:`merge` gives the figures of both parts, in any order, and a pickled meter may come from another
    process. ``kind``, ``loss`` and ``design`` are as for :func:`split`.

    >>> import twirl
    >>> meter = twirl.Twirl(kind="vector")
    >>> for batch in range(3):
    ...     rotation = twirl.haar((4, 2), seed=batch)
    ...     meter.update(rotation[..., 0], rotation[:, 0, :, 1], rotation)
    >>> meter.rows
    12
    """

    def __init__(
        self,
        *,
        kind: Any = "untwisted",
        loss: Any = "squared",
        design: str | None = None,
        degree: int = 6,
        replicates: int = 2000,
        seed: int = 0,
    ) -> None:
        self._how = {"kind": kind, "loss": loss}
        self._design = design
        self._options = _options(replicates, seed, degree)
        self._meter = _twirl.Meter(*self._options)

    @property
    def rows(self) -> int:
        """Rows given so far, also those that were left out."""
        return self._meter.given

    def update(
        self,
        prediction: Any,
        target: Any,
        rotation: Any = None,
        *,
        weight: Any = None,
        mask: Any = None,
        molecule: Any = None,
        position: Any = None,
        rotation_weight: Any = None,
    ) -> None:
        """Measure a batch and add it; shapes as for :func:`split`. Nothing is added on an error.

        Without ``molecule`` every row is a molecule of its own, numbered on from the batches before. Axes
        of blocks may differ between batches, rotations and the last axis may not.
        """
        terms = _terms(prediction, target, mask, weight, **self._how)
        if molecule is None:
            molecule = range(self.rows, self.rows + len(terms[0][1]))
        self._meter.update(terms, _common(rotation, rotation_weight, molecule, position, self._design))

    def compute(self) -> Split:
        """The figures of all batches since the last reset."""
        return Split._of(self._meter.figures())

    def reset(self) -> None:
        """Forget everything."""
        self._meter = _twirl.Meter(*self._options)

    def merge(self, other: Twirl) -> None:
        """Add what another meter holds. Molecules with the same number in both are resampled together:
        number them yourself where they are different ones."""
        self._meter.merge(other._meter)

    def save(self) -> bytes:
        """Everything that was added, some 300 kB for one term. Bytes of several meters may be joined."""
        return self._meter.save()

    def load(self, state: bytes) -> None:
        """Take what :meth:`save` gave in the place of everything; joined bytes are added up."""
        self._meter = _twirl.Meter.load(state)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_meter": self.save()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.load(state["_meter"])

    def __repr__(self) -> str:
        how = ", ".join(f"{name}={value!r}" for name, value in self._how.items())
        return f"Twirl({how}): {self.rows} rows"
