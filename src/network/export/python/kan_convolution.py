class KanConvolution(nn.Module):
    """Kolmogorov–Arnold convolution (FastKAN, Li 2024): spline(basis(z)) + base(silu(x)), z the standardised x."""

    def __init__(self, dims, channels, filters, kernel, basis):
        super().__init__()
        conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[dims - 1]
        self.basis = basis
        self.spline = conv(basis.count * channels, filters, kernel, padding=kernel // 2)
        self.base = conv(channels, filters, kernel, padding=kernel // 2)
        self.register_buffer("input_mean", torch.zeros(channels))
        self.register_buffer("input_var", torch.ones(channels))

    def forward(self, x):
        z = F.batch_norm(x, self.input_mean, self.input_var, training=self.training)
        return self.spline(self.basis(z)) + self.base(F.silu(x))
