"""Stitching's workbench: parts made, combined, remembered, and held against their originals."""
