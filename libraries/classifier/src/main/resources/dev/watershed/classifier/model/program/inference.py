# Logits of a flat vector.


def logits(self, flat: Tensor, ids: Tensor, types: Tensor, bias: Tensor) -> Tensor:
    return self.classified(self.tensors(flat), ids, types, bias, False)
