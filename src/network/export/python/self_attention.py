class SelfAttention(nn.Module):
    """Multi-head self-attention between all pixels of [batch, channels, …] (Vaswani et al. 2017)."""

    def __init__(self, channels, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.projection = nn.Linear(channels, channels)

    def forward(self, x):
        pixels = x.flatten(2).transpose(1, 2)
        query, key, value = (
            part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in self.qkv(pixels).chunk(3, dim=2)
        )
        attended = F.scaled_dot_product_attention(query, key, value)
        return self.projection(attended.transpose(1, 2).flatten(2)).transpose(1, 2).reshape(x.shape)
