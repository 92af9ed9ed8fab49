"""U-Net, 2 levels

U-Net (Ronneberger et al. 2015), one convolution in each block, attention gates (Oktay et al. 2018) on the skips. Every size must be divisible by 4.

Input   column_density  [batch, 1, 16, 16]  log10 column density
Output  density         [batch, 1, 16, 16]  log10 volume density

The weights lie in weights.safetensors (random, drawn with seed 0):

    from safetensors.torch import load_file

    model = Network()
    model.load_state_dict(load_file("weights.safetensors"))
    model.eval()
"""

import torch
import torch.nn.functional as F
from torch import nn


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


class Network(nn.Module):
    """U-Net, 2 levels"""

    def __init__(self):
        super().__init__()
        # Encoder 1
        self.encoder_1_convolution = nn.Conv2d(1, 4, 3, padding=1)
        self.encoder_1_batch_norm = nn.BatchNorm2d(4)
        self.encoder_1_dropout = nn.Dropout2d(0.01)

        # Encoder 2
        self.encoder_2_convolution = nn.Conv2d(4, 8, 3, padding=1)
        self.encoder_2_batch_norm = nn.BatchNorm2d(8)
        self.encoder_2_dropout = nn.Dropout2d(0.01)

        # Bottleneck
        self.bottleneck_convolution = nn.Conv2d(8, 16, 3, padding=1)
        self.bottleneck_batch_norm = nn.BatchNorm2d(16)
        self.bottleneck_dropout = nn.Dropout2d(0.01)

        # Decoder 2
        self.decoder_2_up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.decoder_2_gate = AttentionGate(2, 8, 8, 4)
        self.decoder_2_convolution = nn.Conv2d(16, 8, 3, padding=1)
        self.decoder_2_batch_norm = nn.BatchNorm2d(8)
        self.decoder_2_dropout = nn.Dropout2d(0.01)

        # Decoder 1
        self.decoder_1_up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.decoder_1_gate = AttentionGate(2, 4, 4, 2)
        self.decoder_1_convolution = nn.Conv2d(8, 4, 3, padding=1)
        self.decoder_1_batch_norm = nn.BatchNorm2d(4)
        self.decoder_1_dropout = nn.Dropout2d(0.01)

        self.head = nn.Conv2d(4, 1, 1)

    def forward(self, column_density):
        # Encoder 1
        x = self.encoder_1_convolution(column_density)
        x = F.relu(self.encoder_1_batch_norm(x))
        encoder_1 = self.encoder_1_dropout(x)
        x = F.max_pool2d(encoder_1, 2)

        # Encoder 2
        x = self.encoder_2_convolution(x)
        x = F.relu(self.encoder_2_batch_norm(x))
        encoder_2 = self.encoder_2_dropout(x)
        x = F.max_pool2d(encoder_2, 2)

        # Bottleneck
        x = self.bottleneck_convolution(x)
        x = F.relu(self.bottleneck_batch_norm(x))
        x = self.bottleneck_dropout(x)

        # Decoder 2
        up = self.decoder_2_up(x)
        x = self.decoder_2_gate(up, encoder_2)
        x = torch.cat([up, x], dim=1)
        x = self.decoder_2_convolution(x)
        x = F.relu(self.decoder_2_batch_norm(x))
        x = self.decoder_2_dropout(x)

        # Decoder 1
        up = self.decoder_1_up(x)
        x = self.decoder_1_gate(up, encoder_1)
        x = torch.cat([up, x], dim=1)
        x = self.decoder_1_convolution(x)
        x = F.relu(self.decoder_1_batch_norm(x))
        x = self.decoder_1_dropout(x)

        return self.head(x)
