# RoBERTa's classifier: the first token and two matrices.


# What the classifier stands on.
def features(self, w: List[Tensor], h: Tensor) -> Tensor:
    return self.exact(torch.select(h, 1, 0))


# head: the classifier's parameters in the layout's order, matrices first.
def classify(self, head: List[Tensor], x: Tensor, drop: bool) -> Tensor:
    y = torch.tanh(torch.linear(torch.dropout(x, CLASSIFIER_DROPOUT, drop), head[0], head[2]))
    return torch.linear(torch.dropout(y, CLASSIFIER_DROPOUT, drop), head[1], head[3])
