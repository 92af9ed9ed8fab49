class SplineBasis(nn.Module):
    """B-splines over equal intervals from −reach to reach, carried on beyond both ends: [batch, count · channels, …]."""

    def __init__(self, intervals, degree, reach):
        super().__init__()
        self.count, self.degree = intervals + degree, degree
        step = 2 * reach / intervals
        self.knots = [-reach + step * i for i in range(-degree, intervals + degree + 1)]

    def forward(self, z):
        t = self.knots
        basis = [((z >= a) & (z < b)).to(z.dtype) for a, b in zip(t, t[1:])]
        for p in range(1, self.degree + 1):
            basis = [
                (z - t[i]) / (t[i + p] - t[i]) * basis[i]
                + (t[i + p + 1] - z) / (t[i + p + 1] - t[i + 1]) * basis[i + 1]
                for i in range(len(basis) - 1)
            ]
        return torch.cat(basis, dim=1)
