"""Starting is cheap: help and the hook load neither numpy nor onnx nor any framework."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"numpy", "onnx", "onnxruntime", "spox", "pyarrow", "joblib", "rich", "yaml", "jinja2"}
HEAVY |= {"sklearn", "pandas", "scipy", "skl2onnx", "torch", "tensorflow", "keras", "pyspark", "xgboost"}
NAMES = ("convert", "stitch", "verify", "score", "skew", "inspect", "bench")
LOADED = """
import sys
from onnxpipe.cli import main
code = main(sys.argv[1:])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("skew",), *((name, "--help") for name in NAMES)]
)
def test_nothing_heavy_is_imported(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert set(done.stderr.split()) & HEAVY == set()


def test_importing_the_package_imports_nothing_heavy(tmp_path: Path) -> None:
    code = "import onnxpipe, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert set(done.stdout.split()) & (HEAVY | {"click"}) == set()


def test_every_public_name_is_there() -> None:
    import onnxpipe

    assert [name for name in onnxpipe.__all__ if not hasattr(onnxpipe, name)] == []
    assert {"convert", "stitch", "verify", "skew", "inspect", "load", "feeds", "converts"} <= {
        *onnxpipe.__all__
    }


def test_looking_at_a_file_loads_nothing_that_joins_graphs(tmp_path: Path) -> None:
    """onnx-ir brings sympy with it, half a second of every command."""
    (tmp_path / "file.joblib").write_bytes(b"nothing of the kind")
    command = [sys.executable, "-c", LOADED, "inspect", "file.joblib"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "onnx" in done.stderr.split()
    assert set(done.stderr.split()) & {"onnx_ir", "sympy"} == set()
