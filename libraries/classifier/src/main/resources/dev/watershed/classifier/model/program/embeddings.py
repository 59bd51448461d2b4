# Sum of a token's, a place's and a type's vectors, normalised.


def embed(self, w: List[Tensor], ids: Tensor, types: Tensor, drop: bool) -> Tensor:
    # Nothing is learned through the padding token, also where a text holds it, as in Hugging Face's.
    words = self.lookup(w[WORD_EMBEDDINGS], ids, PAD_TOKEN)
    placed = words + self.positions(w, ids)
    typed = placed + self.lookup(w[TYPE_EMBEDDINGS], types, -1)
    normed = self.layer_norm(typed, w[EMBEDDING_NORM_WEIGHT], w[EMBEDDING_NORM_BIAS])
    return self.computed(torch.dropout(normed, HIDDEN_DROPOUT, drop))
