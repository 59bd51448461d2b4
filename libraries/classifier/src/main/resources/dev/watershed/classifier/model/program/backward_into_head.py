# Loss and gradient with respect to the classifier. Nothing of the encoder is recorded, because
# nothing it reads asks for a gradient.


# What is trained of a vector, matrices first.
def part_head(self, flat: Tensor) -> List[Tensor]:
    return self.classifier(self.tensors(flat))


def backward_head(self, flat: Tensor, ids: Tensor, types: Tensor, bias: Tensor, targets: Tensor, drop: bool) -> Tuple[Tensor, List[Tensor]]:
    w = self.weights(self.tensors(flat))
    x = self.features(w, self.encode(w, ids, types, bias, False))
    leaves = self.leaves(self.part_head(flat))
    loss = self.cross_entropy(self.classify(leaves, x, drop), targets)
    return (torch.detach(loss), self.gradients(loss, leaves))
