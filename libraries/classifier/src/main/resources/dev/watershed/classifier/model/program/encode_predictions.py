# The encoder under a token predictor, which reads only the masked tokens: after the last layer's
# attention only their rows are computed.


def last_layer(self, h: Tensor, w: List[Tensor], m: int, v: int, mask: Optional[Tensor], drop: bool, places: Tensor) -> Tensor:
    a = torch.reshape(self.attend_all(h, w, m, v, mask, drop), [-1, HIDDEN_SIZE])
    a1 = torch.index_select(a, 0, places)
    h1 = torch.index_select(torch.reshape(h, [-1, HIDDEN_SIZE]), 0, places)
    return self.finish(h1, a1, w, m, v, drop)


# Rows (prediction, hidden); places are those of the predicted tokens in the batch.
def encode(self, w: List[Tensor], ids: Tensor, types: Tensor, bias: Tensor, drop: bool, places: Tensor) -> Tensor:
    mask = self.mask(bias)
    h = self.lower_layers(self.embed(w, ids, types, drop), w, mask, drop)
    return self.last_layer(h, w, LAST_MATRIX, LAST_VECTOR, mask, drop, places)
