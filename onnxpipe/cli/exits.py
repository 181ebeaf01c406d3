"""The one place that knows exit codes.

0 done or equal, 1 a finding and nothing else, 2 the request can't be done, 3 a bug of ours,
130 interrupted, 141 the reader of our output went away.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

import click

from onnxpipe.errors import OnnxpipeError

DONE, FINDING, REFUSED, BUG, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 3, 130, 141


def arguments(given: Sequence[str] | None) -> list[str]:
    """The arguments given, else this process's."""
    return list(sys.argv[1:] if given is None else given)


def code_of(call: Callable[[], int]) -> int:
    """The exit code of a command; what it raises is told on stderr, in one block.

    Only ``call``'s own answer and a Finding can be 1: Python and click use 1 for other things.
    """
    try:
        code = call()
        sys.stdout.flush()
        return code
    except click.exceptions.Exit as done:
        return REFUSED if done.exit_code == FINDING else done.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _told("Interrupted.", INTERRUPTED)
    except BrokenPipeError:
        return _silenced()
    except click.ClickException as error:
        error.show()
        return REFUSED
    except OnnxpipeError as error:
        return _told(block(error), error.exit_code)
    except Exception as error:
        return _environment(error) or _bug()


def block(error: OnnxpipeError) -> str:
    """Where, what and what next, one paragraph."""
    lines = [f"Error: {error.where}: {error.what}" if error.where else f"Error: {error.what}"]
    return "\n".join([*lines, *(f"  {line}" for line in error.remedy.splitlines())])


def show_trace() -> None:
    """The traceback of the error at hand, for --verbose."""
    import traceback

    _told(traceback.format_exc(), REFUSED)


def _told(message: str, code: int) -> int:
    with suppress(OSError):
        click.echo(message, err=True)
    return code


def _silenced() -> int:
    """Stdout is gone: keep Python from complaining about it when it shuts down."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED


def _environment(error: Exception) -> int:
    """REFUSED for a file that can't be read or written, 0 for anything else."""
    if not isinstance(error, OSError) or error.errno is None:
        return DONE
    where = f"{error.filename}: " if error.filename else ""
    return _told(f"Error: {where}{error.strerror or error}", REFUSED)


def _bug() -> int:
    import traceback

    return _told(
        f"{traceback.format_exc()}\nThis is a bug in onnxpipe, not in what you asked for. "
        f"Please report it with the lines above and these versions:\n  {versions()}",
        BUG,
    )


def versions() -> str:
    """What a bug report needs: our version, Python's, the platform's and the main dependencies'."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from onnxpipe import __version__

    found = [f"onnxpipe {__version__}", f"Python {platform.python_version()}", platform.platform()]
    for name in ("onnx", "onnxruntime", "spox", "numpy", "click"):
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return ", ".join(found)
