# Rows of a table by libtorch's own kernel; on GPUs the gradient of a row that is read often is a sum
# in no fixed order.


# Nothing is learned through the id unlearned; -1 is none.
def lookup(self, table: Tensor, ids: Tensor, unlearned: int) -> Tensor:
    return torch.embedding(table, ids, unlearned, False, False)
