"""Rows held against fitted points: distances, kernels, neighbours."""
