"""What a worker is to load: which file, and of what kind it is told to be."""

from __future__ import annotations

from pathlib import Path

from onnxpipe.adapters.base import Adapter, Artefact, loadable


def placed(artefact: Artefact, adapter: Adapter, folder: Path) -> Path:
    """Where an artefact is, or what of it is loaded: in the folder, where it is no file of its own."""
    path, inside = artefact.path, loadable(adapter, artefact)
    if path is None or inside is not None:
        path = folder / "artefact"
        path.write_bytes(artefact.read() if inside is None else inside)
    return path


def format_of(artefact: Artefact, signature: str) -> str:
    """What ``load`` in ``worker/`` gets as the format."""
    if signature:
        return f"signature {signature}"
    if artefact.factory:
        return f"factory {artefact.factory}"
    return "skops" if artefact.head(2) == b"PK" else "pickle"
