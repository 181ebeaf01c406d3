"""Every command and every Python block of the README and the docs is executed."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from tests import support
from tests.shell import here

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
_APART = re.compile(r"converts|skl2onnx|keras|tensorflow|torch")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> Iterator[str]:
    for kind, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == language:
            yield text


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the demo's pipeline, rows, manifest and converted model, as a reader would have them."""
    folder = tmp_path_factory.mktemp("docs")
    subprocess.run([sys.executable, ROOT / "docs/demo/train.py", folder], check=True, capture_output=True)
    for file in ROOT.glob("docs/demo/*"):
        shutil.copy(file, folder) if file.is_file() else None
    shutil.copytree(ROOT / "fixtures/spark_textbook_4_3/saved", folder / "spark_model")
    convert = "convert penguins.joblib -o penguins.onnx --sample penguins.csv"
    assert here(*convert.split(), cwd=folder).returncode == 0
    return folder


def environment(*installed: Path) -> dict[str, str]:
    """Variables under which this package and the modules of these folders are installed."""
    places = os.pathsep.join(map(str, (ROOT, *installed)))
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return {**os.environ, "PATH": programs, "PYTHONPATH": places}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_runs(page: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its Python, all blocks as one program; then its commands, which may use what that wrote.

    Commands are the lines after ``$ ``; ``# exit N`` at the end of one says what it must exit with,
    and ``&`` that it serves until the page ends. Where a page installs a package they need a new process
    to find it, else they save themselves the start.
    """
    if page.name.startswith("torch"):
        pytest.importorskip("torch", reason="PyTorch isn't installed")
    program = "\n".join(blocks(page, "python"))
    if program:
        (scratch / "page.py").write_text(program, encoding="utf-8")
        execute(program, scratch, monkeypatch)
    installed = [install(block, scratch) for block in blocks(page, "toml")]
    ask = run if any(installed) else run_here
    for name, value in environment(scratch).items():
        monkeypatch.setenv(name, value)
    with ExitStack() as served:
        for line in "".join(blocks(page, "console")).splitlines():
            command, _, expected = line.removeprefix("$ ").partition("# exit ")
            if line.endswith(" &"):
                served.enter_context(serving(shlex.split(command)[:-1], scratch))
            elif line.startswith("$ "):
                done = ask(shlex.split(command), scratch)
                assert done.returncode == int(expected or 0), f"{command}\n{done.stdout}\n{done.stderr}"


def execute(program: str, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page's Python; in this process where it leaves nothing behind and imports no heavy framework."""
    if _APART.search(program):
        done = run([sys.executable, "page.py"], scratch)
        assert done.returncode == 0, done.stderr
        return
    with monkeypatch.context() as patched, warnings.catch_warnings():
        patched.chdir(scratch)
        runpy.run_path("page.py", run_name="__main__")


def install(project: str, site: Path) -> bool:
    """What installing a package of this ``pyproject.toml`` leaves beside its modules; whether it is one."""
    told = tomllib.loads(project).get("project")
    if told is None:  # settings of the reader's own project
        return False
    folder = site / f"{told['name']}-{told['version']}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {told['name']}\nVersion: {told['version']}\n"
    )
    groups = told["entry-points"].items()
    lines = [
        f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()) for group, entries in groups
    ]
    (folder / "entry_points.txt").write_text("".join(lines))
    return True


@contextmanager
def serving(command: list[str], folder: Path) -> Iterator[None]:
    """A command that goes on, and has said its first line."""
    with subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A command in a folder whose modules and packages count as installed."""
    return subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True)


def run_here(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A command, in this process if it is ours."""
    if command[0] != "onnxpipe":
        return run(command, folder)
    done = here(*command[1:], cwd=folder)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_the_links_of_the_docs_lead_somewhere() -> None:
    for page in [*PAGES, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_list_of_functions_is_current() -> None:
    page = (ROOT / support.FUNCTIONS).read_text(encoding="utf-8")
    assert page == support.functions(), "run: python -m tests.support"


def test_the_table_of_boosters_is_current() -> None:
    page = (ROOT / support.BOOSTERS).read_text(encoding="utf-8")
    assert page == support.boosters(), "run: python -m tests.support"


def test_the_page_of_torch_layers_is_current() -> None:
    page = (ROOT / support.TORCH).read_text(encoding="utf-8")
    assert page == support.torch_layers(), "run: python -m tests.support"


@pytest.mark.parametrize("framework", support.FRAMEWORKS, ids=lambda framework: framework.name)
def test_the_support_table_is_current(framework: support.Framework) -> None:
    page = (ROOT / framework.page).read_text(encoding="utf-8")
    if f"{framework.title} {framework.version} " not in page:
        pytest.skip(f"the table is of another version of {framework.title}")
    assert page == support.table(framework), "run: python -m tests.support"
