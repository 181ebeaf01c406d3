"""Files: written together or not at all, and what git knows of them."""
