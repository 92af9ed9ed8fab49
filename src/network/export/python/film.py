def film(x, condition, around_one=False):
    """Feature-wise linear modulation (Perez et al. 2018): γ·x + β, γ and β being the halves of `condition`."""
    gamma, beta = condition.view(*condition.shape, *[1] * (x.dim() - 2)).chunk(2, dim=1)
    return (1 + gamma if around_one else gamma) * x + beta
