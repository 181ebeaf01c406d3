"""The Python function that a manifest names as its reference, asked like any other original."""

from __future__ import annotations

import ast
import difflib
import sys
from collections.abc import Iterable, Mapping
from importlib import util
from pathlib import Path
from typing import Any

from onnxpipe.adapters.base import Artefact, Rows
from onnxpipe.check.compare import Tolerance
from onnxpipe.core.options import Options
from onnxpipe.core.plan import Plan, Stage
from onnxpipe.errors import BadManifest, Refusal
from onnxpipe.stitching import manifest as manifests
from onnxpipe.stitching.manifest import Manifest


class _Trust:
    """Any function of the user's is code: it runs if it is allowed by name."""

    @staticmethod
    def untrusted(names: Iterable[str], allowed: Iterable[str] = ()) -> tuple[str, ...]:
        return tuple(sorted(set(names) - set(allowed)))


class ReferenceAdapter:
    """The adapter of references, which no file is recognised as."""

    framework = "reference"
    trust = _Trust

    def recognises(self, artefact: Artefact) -> bool:
        return False

    def names(self, artefact: Artefact) -> frozenset[str]:
        """The function's dotted name, as ``--trust`` takes it."""
        return frozenset({artefact.factory.replace(":", ".")})

    def program(self, artefact: Artefact) -> str:
        """A function is a program; nothing exports it."""
        return "reference"

    def outline(self, artefact: Artefact) -> tuple[Stage, ...]:
        return (Stage("function", artefact.factory, {}),)

    def read(self, artefact: Artefact, options: Options, sample: Rows | None) -> Plan:
        raise Refusal("a reference is a function, not a saved pipeline", where=str(artefact))


def artefact_of(manifest: Manifest) -> Artefact:
    """The reference of a manifest. Raises BadManifest where it names none that is there."""
    if not manifest.reference:
        raise BadManifest(
            "it names no reference to compare with",
            where=str(manifest.path),
            remedy="Add the Python function of the whole to the manifest: reference: module:function",
        )
    _refuse_absent(manifest)
    return Artefact(manifest.path, factory=manifest.reference)


def ordered(
    path: Path, data: Any, limits: Mapping[str, Tolerance]
) -> tuple[Artefact, Any, Mapping[str, Tolerance]]:
    """The original, the rows and the tolerances that a manifest names, where the user names no others."""
    manifest = manifests.read(path)
    return artefact_of(manifest), manifest.data if data is None else data, {**tolerances(manifest), **limits}


def tolerances(manifest: Manifest) -> dict[str, Tolerance]:
    """A manifest's tolerances by output, those for all under ""; what an output doesn't say is as for all."""
    overall = manifest.tolerances.get("", {})
    return {name: Tolerance(**{**overall, **limits}) for name, limits in manifest.tolerances.items()}


def files(manifest: Manifest) -> list[Path]:
    """What the whole is held against: the reference's file or package beside the manifest, rows, goldens."""
    place = _beside(manifest) if manifest.reference else None
    return [path for path in (place, manifest.data, manifest.golden) if path]


def _beside(manifest: Manifest) -> Path | None:
    """The module's file, or the folder of the package at the top of its name."""
    top, *rest = manifest.reference.partition(":")[0].split(".")
    file, package = manifest.folder / f"{top}.py", manifest.folder / top
    if package.is_dir() and (rest or (package / "__init__.py").is_file()):
        return package
    return file if file.is_file() and not rest else None


def _refuse_absent(manifest: Manifest) -> None:
    """Raise BadManifest for a module or function that isn't there; nothing is imported to find out."""
    module, _, name = manifest.reference.partition(":")
    where, place = manifest.placed("reference"), _beside(manifest)
    if place is None:
        if module in sys.modules or util.find_spec(module.partition(".")[0]):
            return
        raise BadManifest(
            f"no module {module} lies beside the manifest",
            where=where,
            remedy=f"Looked for {manifest.folder / module.replace('.', '/')}.py",
        )
    source = manifest.folder / f"{module.replace('.', '/')}.py"
    known = _defined(source if source.is_file() else source.with_suffix("") / "__init__.py")
    if known and name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Is it {near[0]}?" if near else f"It defines {', '.join(sorted(known)[:10])}"
        raise BadManifest(f"{module} defines no {name}", where=where, remedy=hint)


def _defined(path: Path) -> set[str]:
    """The names that a module defines or imports at its top; none where that can't be told."""
    try:
        body: list[Any] = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return set()
    named = {node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assigned = (node.targets for node in body if isinstance(node, ast.Assign))
    named |= {target.id for targets in assigned for target in targets if isinstance(target, ast.Name)}
    aliases = (a for node in body if isinstance(node, (ast.Import, ast.ImportFrom)) for a in node.names)
    return named | {(alias.asname or alias.name).partition(".")[0] for alias in aliases}
