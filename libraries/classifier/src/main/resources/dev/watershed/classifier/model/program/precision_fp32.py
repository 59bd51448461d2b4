# Layers compute in fp32: nothing is converted.


def computed(self, x: Tensor) -> Tensor:
    return x


def exact(self, x: Tensor) -> Tensor:
    return x
