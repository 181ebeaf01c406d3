"""The original's side: worker processes, what is asked of them, and what peers export in them."""
