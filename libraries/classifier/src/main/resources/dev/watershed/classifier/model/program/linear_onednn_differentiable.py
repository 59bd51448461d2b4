# A layer multiplies by oneDNN, which computes both products of the gradient too: CPU in fp32 only.
# Input and output are copied between libtorch's and oneDNN's tensors.


def linear(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.to_dense(torch.mkldnn_linear(torch.to_mkldnn(x), weight, bias))
