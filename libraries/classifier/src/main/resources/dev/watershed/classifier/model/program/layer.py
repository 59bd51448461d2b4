# A layer of a post-LayerNorm transformer (Vaswani et al. 2017), as BERT (Devlin et al. 2019) and
# RoBERTa (Liu et al. 2019) use it. Query, key and value are one matrix product.
#
# w[m..]: packed query/key/value, attention output, two feed-forward matrices; w[v..]: their biases
# and LayerNorms, in the layout's order. So a layer has 4 matrices and 8 vectors.


# The additive attention mask (batch, 1, 1, token), or none where nothing is padded.
def mask(self, bias: Tensor) -> Optional[Tensor]:
    if torch.eq(torch.numel(bias), 0):
        m = annotate(Optional[Tensor], None)
    else:
        m = annotate(Optional[Tensor], self.computed(bias))
    return m


def layer_norm(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return torch.layer_norm(x, [HIDDEN_SIZE], weight, bias, NORM_EPSILON, True)


# From (example, token, count * hidden) to (count, example, head, token, d).
def heads(self, packed: Tensor, count: int) -> Tensor:
    shape = [torch.size(packed, 0), torch.size(packed, 1), count, HEADS, HEAD_SIZE]
    return torch.permute(torch.view(packed, shape), [2, 0, 3, 1, 4])


def attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor], drop: bool) -> Tensor:
    if drop:
        rate = ATTENTION_DROPOUT
    else:
        rate = 0.0
    a = self.attention(q, k, v, mask, rate)
    shape = [torch.size(q, 0), torch.size(q, 2), HIDDEN_SIZE]
    return torch.reshape(torch.transpose(a, 1, 2), shape)


def attend_all(self, h: Tensor, w: List[Tensor], m: int, v: int, mask: Optional[Tensor], drop: bool) -> Tensor:
    qkv = self.linear(h, w[m], w[v])
    q, k, value, = torch.unbind(self.heads(qkv, 3), 0)
    return self.attend(q, k, value, mask, drop)


# The rest of a layer after attention: h are the layer's inputs at the places of a.
def finish(self, h: Tensor, a: Tensor, w: List[Tensor], m: int, v: int, drop: bool) -> Tensor:
    o = torch.dropout(self.linear(a, w[m + 1], w[v + 1]), HIDDEN_DROPOUT, drop)
    h1 = self.layer_norm(h + o, w[v + 2], w[v + 3])
    f = self.ACTIVATION(h1, w[m + 2], w[v + 4])
    g = torch.dropout(self.linear(f, w[m + 3], w[v + 5]), HIDDEN_DROPOUT, drop)
    return self.layer_norm(h1 + g, w[v + 6], w[v + 7])


def layer(self, h: Tensor, w: List[Tensor], m: int, v: int, mask: Optional[Tensor], drop: bool) -> Tensor:
    return self.finish(h, self.attend_all(h, w, m, v, mask, drop), w, m, v, drop)


# All layers but the last, of which the head says what it must compute.
def lower_layers(self, embedded: Tensor, w: List[Tensor], mask: Optional[Tensor], drop: bool) -> Tensor:
    h = embedded
    for i in range(LAYERS - 1):
        h = self.layer(h, w, FIRST_MATRIX + 4 * i, FIRST_VECTOR + 8 * i, mask, drop)
    return h
