"""What rows are made of: sparse codes, weights of components, topics."""
