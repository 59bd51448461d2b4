# RoBERTa: positions count from the padding token's id + 1 over tokens that are not the padding
# token; one that a text holds has that id itself, and is attended to as any other.


def positions(self, w: List[Tensor], ids: Tensor) -> Tensor:
    real = torch.to(torch.ne(ids, PAD_TOKEN), 4)
    place = torch.cumsum(real, 1) * real + PAD_TOKEN
    return self.lookup(w[POSITION_EMBEDDINGS], place, PAD_TOKEN)
