"""How long a DPU of one image at a time takes: the parts of a timing model that name no family."""
