# Affine combinations of flat vectors, written into one that the caller holds.


def interpolate(self, a: Tensor, b: Tensor, alpha: float, out: Tensor) -> Tensor:
    return torch.lerp(b, a, alpha, out=out)


def scale(self, a: Tensor, factor: float, out: Tensor) -> Tensor:
    return torch.mul_(torch.copy_(out, a), factor)


def accumulate(self, a: Tensor, factor: float, out: Tensor) -> Tensor:
    return torch.add_(out, a, alpha=factor)
