# Loss and gradient with respect to all that is trained.


# Tensors to compute with. Training rounds inside each step, so that gradients reach the fp32
# weights; embeddings, whose gradients are sums over many tokens, and the head stay fp32.
def weights(self, p: List[Tensor]) -> List[Tensor]:
    return TENSORS_OF_LAYERS_COMPUTED


def leaves(self, p: List[Tensor]) -> List[Tensor]:
    leaves = annotate(List[Tensor], [])
    for i in range(torch.len(p)):
        _ = torch.append(leaves, torch.requires_grad_(torch.detach(p[i]), True))
    return leaves


def gradients(self, loss: Tensor, leaves: List[Tensor]) -> List[Tensor]:
    g = torch.grad([loss], leaves, None, None, False, False)
    found = annotate(List[Tensor], [])
    for i in range(torch.len(g)):
        _ = torch.append(found, torch.contiguous(unchecked_cast(Tensor, g[i])))
    return found


# What is trained of a vector, matrices first.
def part_all(self, flat: Tensor) -> List[Tensor]:
    return self.tensors(flat)


def backward_all(self, flat: Tensor, ids: Tensor, types: Tensor, bias: Tensor, targets: Tensor, drop: bool) -> Tuple[Tensor, List[Tensor]]:
    leaves = self.leaves(self.tensors(flat))
    loss = self.mean_loss(self.weights(leaves), ids, types, bias, targets, drop)
    return (torch.detach(loss), self.gradients(loss, leaves))


# Without dropout, as a vector.
def gradient(self, ids: Tensor, types: Tensor, bias: Tensor, targets: Tensor, flat: Tensor) -> Tensor:
    loss, g, = self.backward_all(flat, ids, types, bias, targets, False)
    whole = torch.zeros_like(flat)
    parts = self.tensors(whole)
    for i in range(torch.len(parts)):
        _ = torch.copy_(parts[i], g[i])
    return whole
