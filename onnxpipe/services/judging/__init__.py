"""Proof: both sides asked the same rows, rows made or recorded, verdicts, stages at fault."""
