def spectral_moments(x, first, step, count):
    """Moments of [batch, channels, v, y, x] along v: ∫T dv (K km/s), mean and dispersion (km/s), skewness, kurtosis."""
    v = (first + step * torch.arange(x.shape[2], device=x.device, dtype=x.dtype)).view(-1, 1, 1)
    total = x.sum(dim=2)
    mean = (x * v).sum(dim=2) / total
    centred = v - mean.unsqueeze(2)
    dispersion = ((x * centred**2).sum(dim=2) / total).sqrt()
    moments = [total * abs(step), mean, dispersion]
    moments += [(x * centred**k).sum(dim=2) / total / dispersion**k for k in (3, 4)]
    return torch.stack(moments[:count], dim=2).flatten(1, 2)
