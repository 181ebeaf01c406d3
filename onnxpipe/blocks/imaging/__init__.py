"""Images: decoded, cut, brought to another size."""
