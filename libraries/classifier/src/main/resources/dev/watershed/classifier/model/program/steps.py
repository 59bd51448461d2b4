# A whole step, the gradient of a part of one, and the update after several parts, each for PART of
# what can be trained. The batch comes first, because results belong to the first input's owner.


# Takes a step: batch, vector, both moments, and the settings and count of update.
def step_PART(self, ids: Tensor, types: Tensor, bias: Tensor, targets: Tensor, flat: Tensor, m: Tensor, v: Tensor, settings: Tensor, count: Tensor) -> Tensor:
    loss, g, = self.backward_PART(flat, ids, types, bias, targets, True)
    return self.update(self.part_PART(flat), g, self.part_PART(m), self.part_PART(v), PART_MATRICES, loss, settings, count)


# Adds a part's gradient, times its share of the batch, to a vector. Returns its share of the loss.
def accumulate_PART(self, ids: Tensor, types: Tensor, bias: Tensor, targets: Tensor, flat: Tensor, share: Tensor, total: Tensor) -> Tensor:
    loss, g, = self.backward_PART(flat, ids, types, bias, targets, True)
    sums = self.part_PART(total)
    for i in range(torch.len(sums)):
        _ = torch.add_(sums[i], g[i], alpha=float(share))
    return torch.mul(torch.to(loss, 7), share)


# The rest of a step, after its parts: their sum, the loss, and then as step_PART.
def update_PART(self, total: Tensor, loss: Tensor, flat: Tensor, m: Tensor, v: Tensor, settings: Tensor, count: Tensor) -> Tensor:
    g = self.part_PART(total)
    return self.update(self.part_PART(flat), g, self.part_PART(m), self.part_PART(v), PART_MATRICES, loss, settings, count)
