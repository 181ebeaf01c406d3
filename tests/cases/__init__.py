"""Tables of cases: one file per framework and family."""
