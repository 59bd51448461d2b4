# Activations of a product, by Hugging Face's names.


# x Phi(x), with the error function.
def gelu(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.gelu(self.linear(x, weight, bias))


# The tanh approximation of it.
def gelu_new(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.gelu(self.linear(x, weight, bias), approximate="tanh")


def relu(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.relu(self.linear(x, weight, bias))
