# BERT: the first rows of a table, one for each place in the batch.


def positions(self, w: List[Tensor], ids: Tensor) -> Tensor:
    return torch.slice(w[POSITION_EMBEDDINGS], 0, 0, torch.size(ids, 1), 1)
