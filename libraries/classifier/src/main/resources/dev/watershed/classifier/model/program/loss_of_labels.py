# Of a classifier: row 0 of the targets is unused, row 1 the label of each example.


def mean_loss(self, w: List[Tensor], ids: Tensor, types: Tensor, bias: Tensor, targets: Tensor, drop: bool) -> Tensor:
    return self.cross_entropy(self.classified(w, ids, types, bias, drop), targets)
