"""Texts: respelled, taken apart, counted, looked up."""
