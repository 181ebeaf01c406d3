"""``python -m onnxpipe``: the same program as ``onnxpipe``."""

import sys

from onnxpipe.cli import main

if __name__ == "__main__":
    sys.exit(main())
