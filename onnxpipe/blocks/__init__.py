"""Maths shared by all frameworks: functions from Var to Var."""
