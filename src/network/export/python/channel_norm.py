class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each pixel of [batch, channels, …]."""

    def forward(self, x):
        return super().forward(x.movedim(1, -1)).movedim(-1, 1)
