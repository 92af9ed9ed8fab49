class Kan(nn.Module):
    """Kolmogorov–Arnold layer on the channels of each pixel (Liu et al. 2024): sums, then products of pairs of sums."""

    def __init__(self, channels, sums, products, basis):
        super().__init__()
        nodes = sums + 2 * products
        self.sums, self.basis = sums, basis
        self.spline = nn.Linear(basis.count * channels, nodes, bias=False)
        self.base = nn.Linear(channels, nodes, bias=False)
        self.bias = nn.Parameter(torch.zeros(nodes))
        self.register_buffer("input_mean", torch.zeros(channels))
        self.register_buffer("input_var", torch.ones(channels))

    def forward(self, x):
        z = F.batch_norm(x, self.input_mean, self.input_var, training=self.training)
        spline = self.spline(self.basis(z).movedim(1, -1))
        nodes = spline + self.base(F.silu(x).movedim(1, -1)) + self.bias
        sums, pairs = nodes[..., : self.sums], nodes[..., self.sums :]
        return torch.cat([sums, pairs[..., 0::2] * pairs[..., 1::2]], dim=-1).movedim(-1, 1)
