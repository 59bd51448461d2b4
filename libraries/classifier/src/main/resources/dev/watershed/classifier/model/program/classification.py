# Logits (example, label) of tensors to compute with.


# The classifier's own parameters among the vector's tensors.
def classifier(self, p: List[Tensor]) -> List[Tensor]:
    return CLASSIFIER_TENSORS


def classified(self, w: List[Tensor], ids: Tensor, types: Tensor, bias: Tensor, drop: bool) -> Tensor:
    x = self.features(w, self.encode(w, ids, types, bias, drop))
    return self.classify(self.classifier(w), x, drop)
