"""``onnxpipe replay``: the pre-push hook, which gets any number of models at once."""

from __future__ import annotations

import click


@click.command(hidden=True, short_help="Replay the golden rows beside models: the pre-push hook.")
@click.argument("models", nargs=-1, metavar="[MODEL]...", type=click.Path())
def command(models: tuple[str, ...]) -> int:
    """Replay the golden rows beside each MODEL with onnxruntime alone.

    Without any, those of every model that has a lock which git tracks. A model without golden rows
    is passed over. Exits with 1 if any answer differs.
    """
    from onnxpipe.services.judging.goldens import with_goldens
    from onnxpipe.services.verify import verify

    code = 0
    for model in with_goldens(models):
        report = verify(model)
        click.echo(str(report) if not report else f"{model}: equal on {report.tried} golden rows")
        code |= not report
    return int(code)
