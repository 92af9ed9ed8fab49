class Noise(nn.Module):
    """Adds normal noise while training, or always."""

    def __init__(self, deviation, always=False):
        super().__init__()
        self.deviation, self.always = deviation, always

    def forward(self, x):
        return x + self.deviation * torch.randn_like(x) if self.training or self.always else x
