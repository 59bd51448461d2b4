# libtorch's fused kernels; on GPUs their gradients are sums in no fixed order.


def attention(self, q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor], rate: float) -> Tensor:
    return torch.scaled_dot_product_attention(q, k, v, mask, rate, False)
