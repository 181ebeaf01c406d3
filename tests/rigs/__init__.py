"""What each framework brings to the harness."""
