"""The U-Net of Aquila's template in plain PyTorch, for golden numbers and for timing."""

import torch
from torch import nn


class Block(nn.Module):
    """Convolutions with batch norm and ReLU, then dropout of whole channels."""

    def __init__(self, inside, outside, convolutions=1, dropout=0.01):
        super().__init__()
        layers = []
        for index in range(convolutions):
            layers += [nn.Conv2d(inside if index == 0 else outside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU()]
        layers.append(nn.Dropout2d(dropout))
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


class Attention(nn.Module):
    def __init__(self, gate, skip, inner):
        super().__init__()
        self.gate = nn.Sequential(nn.Conv2d(gate, inner, 1), nn.BatchNorm2d(inner))
        self.skip = nn.Sequential(nn.Conv2d(skip, inner, 1), nn.BatchNorm2d(inner))
        self.psi = nn.Sequential(nn.Conv2d(inner, 1, 1), nn.BatchNorm2d(1), nn.Sigmoid())
        self.relu = nn.ReLU()

    def forward(self, gate, skip):
        return skip * self.psi(self.relu(self.gate(gate) + self.skip(skip)))


class UNet(nn.Module):
    def __init__(self, levels=4, base=16, convolutions=1, dropout=0.01):
        super().__init__()
        filters = [base * 2**level for level in range(levels + 1)]
        inputs = [1] + filters[:-1]
        self.encoders = nn.ModuleList(Block(inputs[i], filters[i], convolutions, dropout) for i in range(levels))
        self.bottleneck = Block(filters[-2], filters[-1], convolutions, dropout)
        down = list(reversed(range(levels)))
        self.ups = nn.ModuleList(nn.ConvTranspose2d(filters[i + 1], filters[i], 2, 2) for i in down)
        self.gates = nn.ModuleList(Attention(filters[i], filters[i], filters[i] // 2) for i in down)
        self.decoders = nn.ModuleList(Block(2 * filters[i], filters[i], convolutions, dropout) for i in down)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Conv2d(base, 1, 1)

    def forward(self, x):
        skips = []
        for encoder in self.encoders:
            x = encoder(x)
            skips.append(x)
            x = self.pool(x)
        x = self.bottleneck(x)
        for up, gate, decoder, skip in zip(self.ups, self.gates, self.decoders, reversed(skips)):
            x = up(x)
            x = decoder(torch.cat([x, gate(x, skip)], 1))
        return self.head(x)
