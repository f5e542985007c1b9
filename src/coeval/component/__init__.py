"""Components for networks: facts and rules of each function, without tensors."""
