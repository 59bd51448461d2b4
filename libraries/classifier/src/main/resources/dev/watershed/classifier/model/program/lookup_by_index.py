# Rows of a table by index, whose gradients are sums of sorted rows: the same function, and the same
# bits each time on a GPU too.


# Nothing is learned through the id unlearned; -1 is none.
def lookup(self, table: Tensor, ids: Tensor, unlearned: int) -> Tensor:
    rows = torch.index(table, annotate(List[Optional[Tensor]], [torch.to(ids, 4)]))
    learned = torch.unsqueeze(torch.ne(ids, unlearned), -1)
    return torch.where(learned, rows, torch.detach(rows))
