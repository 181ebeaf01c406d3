"""The services behind the commands: one module per verb, no parsing and no rendering in them."""
