"""Hashes of texts, by whole numbers that wrap around."""
