"""What holds for every test."""

import os

# Two test processes and their workers share the cores: threads of OpenMP that wait for one another,
# as those of scikit-learn's histogram boosting do, make a row take half a minute.
os.environ.setdefault("OMP_NUM_THREADS", "1")
