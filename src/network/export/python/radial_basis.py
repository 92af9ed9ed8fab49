class RadialBasis(nn.Module):
    """exp(−((z − c)/h)²) with centres c from −reach to reach, h apart: [batch, count · channels, …]."""

    def __init__(self, count, reach):
        super().__init__()
        self.count, self.step = count, 2 * reach / max(count - 1, 1)
        self.centres = torch.linspace(-reach, reach, count).tolist()

    def forward(self, z):
        return torch.cat([torch.exp(-(((z - centre) / self.step) ** 2)) for centre in self.centres], dim=1)
