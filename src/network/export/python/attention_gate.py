class AttentionGate(nn.Module):
    """Additive attention on a skip (Oktay et al. 2018): skip · sigmoid(ψ(relu(W_g gate + W_x skip)))."""

    def __init__(self, dims, gate_channels, skip_channels, inner_channels):
        super().__init__()
        conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[dims - 1]
        norm = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[dims - 1]
        self.gate = conv(gate_channels, inner_channels, 1)
        self.gate_norm = norm(inner_channels)
        self.skip = conv(skip_channels, inner_channels, 1)
        self.skip_norm = norm(inner_channels)
        self.psi = conv(inner_channels, 1, 1)
        self.psi_norm = norm(1)

    def forward(self, gate, skip):
        x = F.relu(self.gate_norm(self.gate(gate)) + self.skip_norm(self.skip(skip)))
        return skip * torch.sigmoid(self.psi_norm(self.psi(x)))
