"""Decision trees: one, many, boosted, with rows or linear models in their leaves."""
