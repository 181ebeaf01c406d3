"""Importing this module takes longer than anybody waits."""

import time

time.sleep(60)
