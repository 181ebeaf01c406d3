"""Damaged files of every kind: ``python -m tests.fuzz [--count N] [--seed S] [KIND...]``.

Whatever the damage, a command ends in time with 0, 1 or 2, shows no traceback and leaves no partial
file. What breaks that is kept under build/fuzz with the command that shows it.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np

from tests.fuzz_kinds import KINDS, Kind

HOME = Path(__file__).parent.parent
KEPT = HOME / "build" / "fuzz"
SECONDS, GIBIBYTES = 30, 6
Rng = np.random.Generator

NUMBERS = [b"-1", b"0", b"999999999999", b"1e999", b"NaN", b"-9223372036854775809", b"4294967296", b"null"]
WORDS = [
    b"\xff" * 8,
    b"\x00" * 8,
    b"\xff\xff\xff\x7f",
    b"\x7f",
    b"\x80\x80\x80\x80\x10",
    b"[",
    b'"',
    b"{",
    b"\r\n",
]


def flipped(data: bytes, rng: Rng) -> bytes:
    copy = bytearray(data)
    for place in rng.integers(0, len(data), rng.integers(1, 5)):
        copy[place] ^= 1 << int(rng.integers(8))
    return bytes(copy)


def cut(data: bytes, rng: Rng) -> bytes:
    return data[: int(rng.integers(len(data)))]


def spliced(data: bytes, rng: Rng) -> bytes:
    """A stretch of the file put, or put over what is there, somewhere else in it."""
    a, b, at = (int(v) for v in rng.integers(0, len(data), 3))
    piece = data[a : a + min(abs(b - a), 200)]
    return data[:at] + piece + data[at + (len(piece) if rng.integers(2) else 0) :]


def dropped(data: bytes, rng: Rng) -> bytes:
    at = int(rng.integers(len(data)))
    return data[:at] + data[at + int(rng.integers(1, 60)) :]


def poked(data: bytes, rng: Rng) -> bytes:
    at, word = int(rng.integers(len(data))), WORDS[int(rng.integers(len(WORDS)))]
    return data[:at] + word + data[at + len(word) :]


def renumbered(data: bytes, rng: Rng) -> bytes:
    """Another number where the file has one in digits; else some other damage."""
    places = [i for i in rng.integers(0, len(data), 40).tolist() if data[i : i + 1].isdigit()]
    if not places:
        return poked(data, rng)
    start = end = places[0]
    while end < len(data) and (data[end : end + 1].isdigit() or data[end : end + 1] == b"."):
        end += 1
    return data[:start] + NUMBERS[int(rng.integers(len(NUMBERS)))] + data[end:]


DAMAGE: tuple[Callable[[bytes, Rng], bytes], ...] = (
    flipped,
    flipped,
    cut,
    spliced,
    dropped,
    poked,
    renumbered,
)


def damaged(data: bytes, rng: Rng) -> bytes:
    """A damaged copy: inside what is compressed or archived, where checksums would give it away."""
    if not data:
        return b"\x00"
    if data[:2] == b"PK" and rng.integers(4):
        with contextlib.suppress(BadZipFile):
            return _archive(data, rng)
    if data[:1] in (b"\x78", b"\x1f") and rng.integers(4):
        with contextlib.suppress(zlib.error):
            return damaged(zlib.decompress(data, wbits=47), rng)
    for _ in range(int(rng.integers(1, 3))):
        data = DAMAGE[int(rng.integers(len(DAMAGE)))](data or b"\x00", rng)
    return data


def _archive(data: bytes, rng: Rng) -> bytes:
    out = io.BytesIO()
    with ZipFile(io.BytesIO(data)) as old, ZipFile(out, "w") as new:
        chosen = rng.choice(old.namelist())
        for name in old.namelist():
            new.writestr(name, damaged(old.read(name), rng) if name == chosen else old.read(name))
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Trial:
    """One damaged copy of a kind's file, and the command that is given it."""

    kind: Kind
    number: int
    seed: int

    def __str__(self) -> str:
        return f"{self.kind.name}-{self.seed}-{self.number}"

    def outcome(self, healthy: Path) -> tuple[int, str]:
        """The exit code and what is wrong with how it ended, "" for nothing."""
        rng = np.random.default_rng([self.seed, self.number])
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            shutil.copytree(healthy, folder, dirs_exist_ok=True)
            target = self._target(folder, rng)
            target.write_bytes(damaged(target.read_bytes(), rng))
            command = self.kind.commands[int(rng.integers(len(self.kind.commands)))]
            before = set(folder.rglob("*"))
            code, said = run(command, folder)
            left = {p.name for p in set(folder.rglob("*")) - before}
            problem = _problem(code, said, left)
            if problem:
                keep(str(self), folder, command, problem + "\n" + said)
            return code, problem

    def _target(self, folder: Path, rng: Rng) -> Path:
        held = sorted(p for p in folder.glob(self.kind.damaged) if p.is_file() and not p.name.startswith("."))
        return held[int(rng.integers(len(held)))]


def _problem(code: int, said: str, left: set[str]) -> str:
    if code not in (0, 1, 2):
        return f"exit {code}"
    if "Traceback (most recent call last)" in said:
        return "a traceback"
    if any(name.endswith((".tmp", ".part")) for name in left) or (code and left):
        return f"left {', '.join(sorted(left))}"
    return ""


def run(command: tuple[str, ...], folder: Path) -> tuple[int, str]:
    """The exit code of a command line run in a folder by this process, and what it said."""
    from onnxpipe.cli import main

    said, home = io.StringIO(), Path.cwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            return main(list(command)), said.getvalue()
    finally:
        os.chdir(home)


def keep(name: str, folder: Path, command: tuple[str, ...], said: str) -> None:
    """The folder of a trial, copied to where it can be looked at."""
    place = KEPT / name
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(folder, place)
    (place / "FOUND.txt").write_text(f"onnxpipe {' '.join(command)}\n\n{said}", "utf-8", "replace")


def trials(kinds: list[Kind], count: int, seed: int) -> list[Trial]:
    return [Trial(kinds[i % len(kinds)], i, seed) for i in range(count)]


def child(todo: list[Trial], start: int) -> None:
    """Go through the trials from one on; every one is announced first, for one may end the process."""
    resource.setrlimit(resource.RLIMIT_DATA, (GIBIBYTES << 30, GIBIBYTES << 30))
    with tempfile.TemporaryDirectory() as name:
        made: dict[str, Path] = {}
        for i in range(start, len(todo)):
            trial = todo[i]
            print(json.dumps([i]), flush=True)
            if trial.kind.name not in made:
                made[trial.kind.name] = Path(name) / trial.kind.name
                made[trial.kind.name].mkdir()
                trial.kind.make(made[trial.kind.name])
            faulthandler.dump_traceback_later(SECONDS, exit=True)
            print(json.dumps([i, *trial.outcome(made[trial.kind.name])]), flush=True)
            faulthandler.cancel_dump_traceback_later()


def outcomes(kinds: list[str], count: int, seed: int) -> Iterator[tuple[Trial, int, str]]:
    """Each trial with its exit code and what is wrong; a process that dies is started again behind it."""
    todo, start = trials([KINDS[name] for name in kinds], count, seed), 0
    while start < count:
        again = [sys.executable, "-m", "tests.fuzz", "--child", str(start), "--count", str(count)]
        with subprocess.Popen(
            [*again, "--seed", str(seed), *kinds], cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            for line in process.stdout:
                told = json.loads(line)
                start = told[0]
                if len(told) > 1:
                    yield todo[start], told[1], told[2]
                    start += 1
            died = process.stderr.read().decode(errors="replace")
        if start < count:
            yield (
                todo[start],
                process.returncode,
                f"the process ended with {process.returncode}: {died[-1500:]}",
            )
            start += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", type=int)
    parser.add_argument("kinds", nargs="*")
    given = parser.parse_args()
    kinds = given.kinds or list(KINDS)
    if given.child is not None:
        child(trials([KINDS[name] for name in kinds], given.count, given.seed), given.child)
        return 0
    codes: Counter[tuple[str, int]] = Counter()
    problems = 0
    for trial, code, problem in outcomes(kinds, given.count, given.seed):
        codes[trial.kind.name, code] += 1
        if problem:
            problems += 1
            print(f"{trial}: {problem}", flush=True)
    for (name, code), n in sorted(codes.items()):
        print(f"{name:12} exit {code}: {n}")
    print(f"{given.count} damaged files, {problems} badly ended")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
