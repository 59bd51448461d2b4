# Mean over targets, which are (2, n): row 1 the label or token wanted.


def cross_entropy(self, logits: Tensor, targets: Tensor) -> Tensor:
    return torch.cross_entropy_loss(logits, torch.select(targets, 0, 1), None, 1, -100, 0.)


# Without dropout, in float64 (7 in libtorch's numbering of types).
def loss(self, ids: Tensor, types: Tensor, bias: Tensor, targets: Tensor, flat: Tensor) -> Tensor:
    w = self.weights(self.tensors(flat))
    return torch.to(self.mean_loss(w, ids, types, bias, targets, False), 7)
