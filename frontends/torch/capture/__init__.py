"""How a module is read: by torch.fx, by torch.export, or call by call."""
