"""Joining graphs: wiring, opsets, merging, tidying, and the manifest that describes a stitch."""
