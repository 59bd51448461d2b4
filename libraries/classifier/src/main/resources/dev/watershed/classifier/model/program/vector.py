# A flat vector as tensors: those that are trained, matrices first, in the layout's order. Views, no
# copies; a layer's query, key and value rows lie together and stay so.


def tensors(self, flat: Tensor) -> List[Tensor]:
    p = torch.split_with_sizes(flat, TENSOR_SIZES, 0)
    return TENSOR_VIEWS
