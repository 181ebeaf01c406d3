"""Ready-made parts a user names on the command line or in a manifest: ``component:name=value``."""
