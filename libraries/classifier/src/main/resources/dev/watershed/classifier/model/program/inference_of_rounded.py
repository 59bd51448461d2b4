# Logits of a flat vector whose layers are read from a copy in bfloat16, rounded once for all batches.


def logits(self, flat: Tensor, copy: Tensor, ids: Tensor, types: Tensor, bias: Tensor) -> Tensor:
    p = self.tensors(flat)
    r = self.tensors(copy)
    return self.classified(TENSORS_OF_LAYERS_ROUNDED, ids, types, bias, False)


def round(self, flat: Tensor, copy: Tensor) -> Tensor:
    return torch.copy_(copy, flat)


def room_to_round(self, like: Tensor) -> Tensor:
    return torch.new_zeros(like, [VECTOR_SIZE], dtype=15)
