"""Readers and converters, one package per framework."""
