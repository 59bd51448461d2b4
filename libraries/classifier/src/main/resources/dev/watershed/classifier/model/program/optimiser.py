# Clipping and AdamW, given the gradient of what is trained, its weights and moments, each a list of
# tensors, the matrices first.
#
# settings, float64: learning rate, beta1, beta2, epsilon, largest norm (0: none), weight decay of
# matrices and of vectors. count, float32: updates including this one; so many that beta^count is 0
# means no bias correction.


# Updates and returns a sum over weights and moments that is finite if all of them are. The result is
# what keeps the update alive: TorchScript does not see that writing to a list's tensors has an
# effect, and drops it where the list is not read afterwards.
def adamw(self, p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], decay: Tensor, scale: Tensor, settings: Tensor, count: Tensor) -> Tensor:
    counts = annotate(List[Tensor], [])
    for i in range(torch.len(p)):
        _ = torch.append(counts, count)
    rate = float(torch.select(settings, 0, 0))
    beta1 = float(torch.select(settings, 0, 1))
    beta2 = float(torch.select(settings, 0, 2))
    eps = float(torch.select(settings, 0, 3))
    torch._fused_adamw_(p, g, m, v, annotate(List[Tensor], []), counts, lr=rate, beta1=beta1, beta2=beta2, weight_decay=float(decay), eps=eps, amsgrad=False, maximize=False, grad_scale=scale)
    sums = annotate(List[Tensor], [])
    for j in range(torch.len(p)):
        moments = torch.sum(m[j]) + torch.sum(v[j])
        _1 = torch.append(sums, torch.sum(p[j]) + moments)
    return torch.sum(torch.stack(sums, 0), dtype=7)


# Norms of chunks in fp32, and the norm of these in fp64: of 100 million numbers 2e-7 off where they
# are normal, 6e-6 where they are all the same. All in fp64 took longer than the rest of the update,
# because libtorch makes a copy in that type.
def norm(self, g: List[Tensor]) -> Tensor:
    chunks = annotate(List[Tensor], [])
    for i in range(torch.len(g)):
        parts = torch.split(torch.reshape(g[i], [-1]), 262144, 0)
        for j in range(torch.len(parts)):
            _ = torch.append(chunks, parts[j])
    norms = torch.stack(torch._foreach_norm(chunks, 2), 0)
    return torch.linalg_vector_norm(norms, 2, None, False, dtype=7)


# Returns float64: loss, norm of the gradient and, where they are finite and so the update was done,
# the sum that adamw returns.
def update(self, p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], matrices: int, loss: Tensor, settings: Tensor, count: Tensor) -> Tensor:
    norm = self.norm(g)
    result = torch.stack([torch.to(loss, 7), norm], 0)
    if bool(torch.all(torch.isfinite(result))):
        largest = float(torch.select(settings, 0, 4))
        if torch.gt(largest, 0.):
            excess = torch.clamp_min(torch.div(torch.add(norm, 1e-6), largest), 1.)
            scale = torch.to(excess, 6)
        else:
            scale = torch.ones_like(count)
        n = torch.len(p)
        of_matrices = self.adamw(torch.slice(p, 0, matrices, 1), torch.slice(g, 0, matrices, 1), torch.slice(m, 0, matrices, 1), torch.slice(v, 0, matrices, 1), torch.select(settings, 0, 5), scale, settings, count)
        of_vectors = self.adamw(torch.slice(p, matrices, n, 1), torch.slice(g, matrices, n, 1), torch.slice(m, matrices, n, 1), torch.slice(v, matrices, n, 1), torch.select(settings, 0, 6), scale, settings, count)
        measured = torch.cat([result, torch.reshape(of_matrices + of_vectors, [1])], 0)
    else:
        measured = result
    return measured
