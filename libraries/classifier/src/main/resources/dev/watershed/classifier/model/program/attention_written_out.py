# Two products and a softmax: the same function, and the same bits each time on a GPU too.


def attention(self, q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor], rate: float) -> Tensor:
    scores = torch.matmul(q * ATTENTION_SCALE, torch.transpose(k, -2, -1))
    if mask is None:
        masked = scores
    else:
        masked = scores + unchecked_cast(Tensor, mask)
    return torch.matmul(torch.dropout(torch.softmax(masked, -1), rate, True), v)
