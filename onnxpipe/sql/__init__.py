"""Expressions over columns, written in SQL and computed as Spark SQL computes them.

A stage holds ``statement`` (``SELECT ... FROM __THIS__``) and ``sparkVersion``, whose rules count.
"""
