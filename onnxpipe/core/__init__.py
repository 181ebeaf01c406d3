"""The nouns: records and stages, tables, signatures, fragments, and the registry of converters."""
