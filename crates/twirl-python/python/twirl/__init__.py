"""How much of a model's loss is imperfect rotation symmetry?

The loss of any model of molecules is split into ``L_mean``, the error of the prediction averaged over all
rotations (*twirled*), and ``L_equiv``, what imperfect symmetry adds: ``L = L_mean + L_equiv``. The share
``100 L_equiv / L`` comes with a 95 % interval over molecules.

>>> import numpy, twirl
>>> rotation = twirl.haar((100, 8), seed=1)                       # [molecules, rotations, 3, 3]
>>> x = numpy.random.default_rng(0).normal(size=(100, 9, 3))      # [molecules, atoms, 3]
>>> turned = numpy.einsum("mrij,maj->mrai", rotation, x)          # x -> R x
>>> prediction = turned * [1.0, 1.1, 0.9]                         # a model that favours an axis
>>> split = twirl.split(prediction, target=1.2 * x, rotation=rotation, kind="vector")
>>> low, high = split.percent.interval
>>> low < split.percent.value < high
True

Arrays may be numpy arrays, PyTorch tensors on any device, JAX arrays, or nested lists; nothing but numpy
is needed. Every refusal is a ``ValueError`` of one line that names the array, the place and the remedy:
the line that ``twirlbench measure`` prints, because both call the same library.
"""

from ._calculator import split_calculator
from ._meter import Twirl, split
from ._model import measure_model
from ._result import Estimate, Note, Split
from ._rotations import group, haar, quadrature
from ._runs import curve, read_runs

__all__ = [
    "Estimate",
    "Note",
    "Split",
    "Twirl",
    "curve",
    "group",
    "haar",
    "measure_model",
    "quadrature",
    "read_runs",
    "split",
    "split_calculator",
]
