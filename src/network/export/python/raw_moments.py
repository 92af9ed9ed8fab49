def raw_moments(x, first, step, count):
    """Means over v of vⁱ·T of [batch, channels, v, y, x], v in km/s."""
    v = (first + step * torch.arange(x.shape[2], device=x.device, dtype=x.dtype)).view(-1, 1, 1)
    return torch.stack([(x * v**i).mean(dim=2) for i in range(count)], dim=2).flatten(1, 2)
