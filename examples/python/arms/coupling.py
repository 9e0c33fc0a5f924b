"""Clebsch-Gordan tensors of degrees 0 to 2 in Cartesian bases, as `angular` of twirl-equivariant has them."""
import math

import torch

PATHS = [(0, 0, 0), (0, 1, 1), (0, 2, 2), (1, 0, 1), (1, 1, 0), (1, 1, 1), (1, 1, 2), (1, 2, 1), (1, 2, 2),
         (2, 0, 2), (2, 1, 1), (2, 1, 2), (2, 2, 0), (2, 2, 1), (2, 2, 2)]


def matrices():
    """An orthonormal basis of symmetric traceless matrices: xy, yz, zx, x^2 - y^2, 2 z^2 - x^2 - y^2."""
    basis = torch.zeros(5, 3, 3, dtype=torch.float64)
    for place, (row, column) in enumerate([(0, 1), (1, 2), (2, 0)]):
        basis[place, row, column] = basis[place, column, row] = math.sqrt(0.5)
    basis[3] = torch.diag(torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64)) * math.sqrt(0.5)
    basis[4] = torch.diag(torch.tensor([-1.0, -1.0, 2.0], dtype=torch.float64)) * math.sqrt(1.0 / 6.0)
    return basis


def quadratic():
    """[9, 5]: products of a unit vector's components to harmonics of degree 2."""
    return (matrices().flatten(1).t() * math.sqrt(7.5)).float()


def product(path, a, b):
    """The bilinear map of a path, up to a factor, on matrices (degree 2), vectors (1) and numbers (0)."""
    first, second, out = path
    if first == 0 or second == 0:
        return a * b
    trace = lambda m: m.diagonal().sum()
    cross = lambda v: torch.tensor([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]], dtype=torch.float64)
    axial = lambda m: torch.stack([m[1, 2] - m[2, 1], m[2, 0] - m[0, 2], m[0, 1] - m[1, 0]])
    if (first, second) == (1, 1):
        return {0: torch.dot(a, b), 1: cross(a) @ b, 2: torch.outer(a, b)}[out]
    if (first, second) == (1, 2):
        return b @ a if out == 1 else cross(a) @ b
    if (first, second) == (2, 1):
        return a @ b if out == 1 else cross(b) @ a
    return {0: trace(a @ b), 1: axial(a @ b), 2: a @ b}[out]


def clebsch_gordan(path):
    """[edge, in * out], so that independent inputs of unit variance give outputs of unit variance."""
    basis = [torch.ones(1, dtype=torch.float64), torch.eye(3, dtype=torch.float64), matrices()]
    first, second, out = (basis[degree] for degree in path)

    def components(value):
        if path[2] == 2:
            return torch.einsum("aij,ji->a", out, value)
        return value.reshape(-1)

    tensor = torch.stack([torch.stack([components(product(path, a, b)) for b in second]) for a in first])
    tensor = tensor * math.sqrt((2 * path[2] + 1) / float((tensor * tensor).sum()))
    return tensor.permute(1, 0, 2).flatten(1).float()
