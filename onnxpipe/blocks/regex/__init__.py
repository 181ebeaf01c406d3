"""Python's regular expressions: read, and carried out on texts."""
