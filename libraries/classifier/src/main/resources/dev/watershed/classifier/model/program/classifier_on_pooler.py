# BERT's classifier: the pooled first token and one matrix.


# What the classifier stands on.
def features(self, w: List[Tensor], h: Tensor) -> Tensor:
    first = self.exact(torch.select(h, 1, 0))
    return torch.tanh(torch.linear(first, w[POOLER_WEIGHT], w[POOLER_BIAS]))


# head: the classifier's parameters in the layout's order, matrices first.
def classify(self, head: List[Tensor], x: Tensor, drop: bool) -> Tensor:
    return torch.linear(torch.dropout(x, CLASSIFIER_DROPOUT, drop), head[0], head[1])
