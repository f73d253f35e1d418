"""The picture of the graph: boxes, columns, and the programs that draw them."""
