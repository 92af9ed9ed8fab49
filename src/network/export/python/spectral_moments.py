def spectral_moments(x, first, step, count):
    """Moments of [batch, channels, v, y, x] along v: ∫T dv (K km/s); of T above zero its mean velocity and dispersion
    (km/s), skewness and kurtosis."""
    middle = first + step * (x.shape[2] - 1) / 2
    v = (first - middle + step * torch.arange(x.shape[2], device=x.device, dtype=x.dtype)).view(-1, 1, 1)
    weight = F.relu(x)
    weight = weight / weight.sum(dim=2, keepdim=True).clamp(min=1e-6)
    mean = (weight * v).sum(dim=2, keepdim=True)
    variance = (weight * (v - mean) ** 2).sum(dim=2, keepdim=True)
    dispersion = (variance + 1e-6 * step**2).sqrt()
    moments = [x.sum(dim=2, keepdim=True) * abs(step), mean + middle, dispersion]
    moments += [(weight * (v - mean) ** k).sum(dim=2, keepdim=True) / dispersion**k for k in (3, 4)]
    return torch.cat(moments[:count], dim=2).flatten(1, 2)
