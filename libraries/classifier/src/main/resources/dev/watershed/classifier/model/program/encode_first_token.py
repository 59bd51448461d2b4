# The encoder under a classifier, which reads only the first token: in the last layer that token's
# query meets all keys and values, and nothing else is computed.


def last_layer(self, h: Tensor, w: List[Tensor], m: int, v: int, mask: Optional[Tensor], drop: bool) -> Tensor:
    first = torch.slice(h, 1, 0, 1, 1)
    end = 3 * HIDDEN_SIZE
    q = self.linear(first, torch.slice(w[m], 0, 0, HIDDEN_SIZE, 1), torch.slice(w[v], 0, 0, HIDDEN_SIZE, 1))
    kv = self.linear(h, torch.slice(w[m], 0, HIDDEN_SIZE, end, 1), torch.slice(w[v], 0, HIDDEN_SIZE, end, 1))
    q1 = torch.select(self.heads(q, 1), 0, 0)
    k, value, = torch.unbind(self.heads(kv, 2), 0)
    return self.finish(first, self.attend(q1, k, value, mask, drop), w, m, v, drop)


# Rows (example, 1, hidden).
def encode(self, w: List[Tensor], ids: Tensor, types: Tensor, bias: Tensor, drop: bool) -> Tensor:
    mask = self.mask(bias)
    h = self.lower_layers(self.embed(w, ids, types, drop), w, mask, drop)
    return self.last_layer(h, w, LAST_MATRIX, LAST_VECTOR, mask, drop)
