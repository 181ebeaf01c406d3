"""Rows most likely to show a difference: found around the values where answers change."""
