"""What runs inside the framework's own interpreter.

``main.py`` is run by path (``python main.py``) by any Python from 3.8 on; it imports nothing of
onnxpipe. One module per framework, ``<framework>_native.py``, answers with these functions:

    load(path, format, names) -> model     the artefact, really loaded; ``names`` were judged before, and
                                           those follow that the user allows besides
    versions() -> {package: version}
    answers(model, rows, methods, optional) -> {output: array}
    stages(model, rows, wanted) -> (records, path of the stage that refused or "")
    arrive(model, rows, path) -> {"0": array, ...}, the columns that arrive at a stage
    home(model) -> the framework that a loaded model is of, where a factory may make another's
    save(model, path), where models that factories made can be read as data once they are saved
    part(model, path) -> what stands at a stage's path, for exporters; None where nothing does
    behaviour(part, inputs, methods) -> {"answers": {output: [dtype, shape without rows]}, "refuses": ...}

One module per peer that stages without a converter fall back to, ``<exporter>_export.py``, named as
the peer's distribution, exports with this:

    export(part, inputs, opset) -> (serialized model, {method: output name}); raises NoConverter

or, where whole artefacts are programs that only their framework can turn into a graph, with this:

    program(model, request, rows) -> (serialized model, facts)

``request`` has ``opset``, ``inputs`` ({name: {dtype, shape}}), ``outputs`` and ``dynamic`` ({name:
[[axis, least, most], ...]}), and where weights of more than ``whole`` bytes go: ``export.onnx.data`` in
``folder``; ``rows`` are the user's, to trace with, or none. ``facts`` are ``kind`` (the
dotted name of what was exported), ``version`` (of the framework that saved it, or else of this one),
``route`` (who exported it, in words), ``sizes`` ({symbol of an open axis: a size it may have}) and
``stages`` ([{path, kind, inputs: [value], answers: {name: [value]}}, ...], inner before outer); nodes
carry the path of their stage as ``io.onnxpipe.stage``.

and, where values inside a graph can be told by their names there, with this, which goes before ``stages``:

    inside(model, rows, request) -> records; ``request`` has ``wanted`` and ``reads`` ({path: [value]}),
    ``inputs`` ({name: {dtype, shape}}), ``dynamic`` and ``opset``, as the graph was made with

and, where it knows better than to halve a refused batch until the rows at fault stand alone:

    each(model, rows, methods, optional) -> ({output: array}, [(row, reason), ...])
"""
