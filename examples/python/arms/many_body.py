"""Products of up to three features of an atom, coupled to degrees 0 to 2, as in twirl-equivariant."""
from torch import nn

from .coupling import clebsch_gordan

# Degrees of what is multiplied: the number 1, and the features of degree 0, 1 and 2.
ONE, SCALAR, VECTOR, MATRIX = range(4)
DEGREES = [0, 0, 1, 2]
# Two factors and the degree to which they are coupled.
PAIRS = [(ONE, ONE, 0), (ONE, SCALAR, 0), (ONE, MATRIX, 2), (SCALAR, SCALAR, 0), (VECTOR, VECTOR, 0),
         (MATRIX, MATRIX, 0), (SCALAR, MATRIX, 2), (VECTOR, VECTOR, 2), (MATRIX, MATRIX, 2)]
# A pair, a third factor, the degree of the product, and its mean square for normal features.
TRIPLES = [
    (0, SCALAR, 0, 1.0), (3, ONE, 0, 3.0), (4, ONE, 0, 5.0), (5, ONE, 0, 7.0), (3, SCALAR, 0, 15.0),
    (4, SCALAR, 0, 5.0), (5, SCALAR, 0, 7.0), (7, MATRIX, 0, 2.0), (8, MATRIX, 0, 6.0),
    (0, VECTOR, 1, 1.0), (1, VECTOR, 1, 1.0), (2, VECTOR, 1, 1.0), (3, VECTOR, 1, 3.0),
    (4, VECTOR, 1, 35.0 / 3.0), (5, VECTOR, 1, 7.0), (6, VECTOR, 1, 1.0), (8, VECTOR, 1, 2.0),
    (0, MATRIX, 2, 1.0), (6, ONE, 2, 1.0), (7, ONE, 2, 2.0), (8, ONE, 2, 2.0), (3, MATRIX, 2, 3.0),
    (4, MATRIX, 2, 5.0), (5, MATRIX, 2, 12.6), (7, SCALAR, 2, 2.0), (8, SCALAR, 2, 2.0), (7, MATRIX, 2, 2.0),
]


class ManyBody(nn.Module):
    """Sums of all products of degrees up to `highest`, each with a weight in every channel."""

    def __init__(self, highest):
        super().__init__()
        self.triples = [triple for triple in TRIPLES if triple[2] <= highest]
        self.tables = {}

    def couple(self, degrees, a, b):
        """[A, 2 l + 1, C] of two degrees to a third."""
        if 0 in degrees[:2]:
            # The inner product of two numbers, or a multiple of the other; both have factor 1.
            return a * b
        if degrees not in self.tables:
            self.tables[degrees] = clebsch_gordan(degrees).reshape(-1, 2 * degrees[2] + 1).t()
        return self.tables[degrees] @ (b.unsqueeze(2) * a.unsqueeze(1)).flatten(1, 2)

    def forward(self, features, weights):
        """Features of degree 0 to 2 [A, 2 l + 1, C] and weights [A, products C] to one sum for every degree."""
        factors = [None, *features]
        pairs = [self.couple((DEGREES[a], DEGREES[b], degree), factors[a], factors[b]) if a != ONE else factors[b]
                 for a, b, degree in PAIRS]
        weights = weights.unflatten(1, (len(self.triples), 1, -1)).unbind(1)
        counts = [sum(triple[2] == degree for triple in self.triples) for degree in range(3)]
        sums = {}
        for (pair, factor, degree, square), weight in zip(self.triples, weights):
            weight = weight * (square * counts[degree]) ** -0.5
            key = (PAIRS[pair][2], factor, degree)
            term = weight if pairs[pair] is None else weight * pairs[pair]
            sums[key] = sums[key] + term if key in sums else term
        found = {}
        for (of, factor, degree), total in sums.items():
            term = total
            if factor != ONE:
                term = self.couple((of, DEGREES[factor], degree), total, factors[factor])
            found[degree] = found[degree] + term if degree in found else term
        return [found[degree] for degree in sorted(found)]
