"""The judge: knows rows, answers and graphs, and no framework."""
