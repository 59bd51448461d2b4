# Of a token predictor, whose last matrix is that of the embeddings: row 0 of the targets is the
# place in the batch, row 1 the original token.


def mean_loss(self, w: List[Tensor], ids: Tensor, types: Tensor, bias: Tensor, targets: Tensor, drop: bool) -> Tensor:
    x = self.exact(self.encode(w, ids, types, bias, drop, torch.select(targets, 0, 0)))
    y = self.PREDICTOR_ACTIVATION(x, w[PREDICTOR_WEIGHT], w[PREDICTOR_BIAS])
    z = self.layer_norm(y, w[PREDICTOR_NORM_WEIGHT], w[PREDICTOR_NORM_BIAS])
    return self.cross_entropy(self.linear(z, w[WORD_EMBEDDINGS], w[VOCABULARY_BIAS]), targets)
