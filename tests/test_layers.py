"""Arrows point one way: every import in the package is read and held against the layers."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "onnxpipe"
MODULES = sorted(PACKAGE.rglob("*.py"))

LAYERS = (
    {"errors"},
    {"lock"},
    {"core"},
    {"blocks"},
    {"sql"},
    {"stitching", "components", "adapters"},
    {"check", "scale"},
    {"services"},
    {"cli"},
)
"""From the inside out; a module may import its own part and any layer further in."""
RANK = {part: i for i, layer in enumerate(LAYERS) for part in layer}

ALLOWED = {
    ("services", "worker"): "the worker's file is started by path; how arrays are written is shared",
    ("scale", "check"): "partitions are compared by the judge's own rules",
    ("components", "stitching"): "a component is made of the stitcher's fragments",
}
"""Arrows within or beside the layers, each with its reason."""

FRAMEWORKS = {"sklearn", "pandas", "scipy", "skl2onnx", "onnxmltools", "skops", "polars", "pyspark"}
FRAMEWORKS |= {"tensorflow", "keras", "tf2onnx", "torch", "onnxscript", "xgboost", "lightgbm", "catboost"}
"""Imported in ``worker/`` and ``scale/`` only."""


def imports(path: Path) -> Iterator[str]:
    """The dotted names a module imports, wherever in it, except for type checkers only."""
    tree = ast.parse(path.read_text("utf-8"))
    hidden = {id(node) for block in ast.walk(tree) if _for_types(block) for node in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            if node.module == "onnxpipe":
                yield from (f"onnxpipe.{alias.name}" for alias in node.names)
            else:
                yield node.module or ""


def _for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def part(path: Path) -> str:
    """The top-level part of the package a module belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_arrow_points_outward(path: Path) -> None:
    own = part(path)
    if own in ("__init__", "__main__"):
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "onnxpipe" or len(parts) == 1 or parts[1] in (own, "__version__"):
            continue
        assert own in RANK, f"{own} imports {name}: it should import nothing of onnxpipe"
        inward = RANK.get(parts[1], len(LAYERS)) < RANK[own]
        assert inward or (own, parts[1]) in ALLOWED, f"{path.relative_to(PACKAGE)} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_frameworks_stay_in_the_worker_and_click_in_the_command_line(path: Path) -> None:
    names = {name.partition(".")[0] for name in imports(path)}
    if part(path) not in ("worker", "scale"):
        assert names & FRAMEWORKS == set()
    if part(path) != "cli":
        assert "click" not in names


KEPT = ("comparing", "drift", "holding", "journal", "mending", "repository")


@pytest.mark.parametrize(
    "name",
    ["lock.py", "errors.py", "services/skew.py", *(f"services/keeping/{n}.py" for n in KEPT)],
)
def test_the_hook_needs_the_standard_library_only(name: str) -> None:
    names = {found for found in imports(PACKAGE / name) if found.partition(".")[0] != "onnxpipe"}
    assert {found.partition(".")[0] for found in names} <= sys.stdlib_module_names
    ours = {found for found in imports(PACKAGE / name) if found.startswith("onnxpipe")}
    within = ("errors", "lock", *(f"services.keeping.{n}" for n in KEPT))
    assert ours <= {f"onnxpipe.{n}" for n in within}


LINES = {"file": 250, "function": 60}
"""More than that, and it is two things: split it by noun, or by verb."""


def test_files_and_functions_are_short() -> None:
    long = []
    for path in MODULES:
        text, name = path.read_text("utf-8"), path.relative_to(PACKAGE)
        if text.count("\n") > LINES["file"]:
            long.append(f"{name}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > LINES["function"]:
                    long.append(f"{name}: {node.name} has {lines} lines")
    assert not long
