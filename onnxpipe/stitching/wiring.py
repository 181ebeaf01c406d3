"""Which end goes to which: wires by name, and the defaults where none are given."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from onnxpipe.errors import BadManifest
from onnxpipe.stitching.edges import Edge, checked
from onnxpipe.stitching.parts import INPUT, End, Part

Wire = str | tuple[End, End]
"""``SOURCE=TARGET`` as a user writes it, or source and target resolved."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """Who feeds whom, in checked ``edges``, also from the graph's own inputs.

    ``inputs`` map the graph's input names to the end whose type they have, ``outputs`` the graph's
    output names to the end that answers; ``unread`` are outputs that go nowhere.
    """

    edges: tuple[Edge, ...]
    inputs: Mapping[str, End]
    outputs: Mapping[str, End]
    unread: tuple[End, ...] = ()

    @property
    def notes(self) -> list[str]:
        """The wires between parts, what was put on them and what is left out, for the user."""
        inner = [[str(e)] if e.source.part != INPUT else [] for e in self.edges]
        fitted = [n for e, said in zip(self.edges, inner, strict=True) for n in (*said, *e.notes())]
        return [
            *fitted,
            *(f"{end} is left out (name it among the outputs to keep it)" for end in self.unread),
        ]


def wired(parts: Sequence[Part], wires: Iterable[Wire] = (), outputs: Iterable[str] = ()) -> Wiring:
    """The wiring of parts in the order they run.

    Raises BadManifest for a name that isn't there or could be two things, for an edge that goes
    backwards or doesn't fit, and for a part that nothing connects.
    """
    told: dict[End, str] = {}
    links = dict(_explicit(parts, wires, told))
    for before, part in pairwise(parts):
        links |= _default(before, part, links)
    _refuse_loose(parts, links)
    links |= _inputs(parts, links)
    takes = {End(part.name, name): kind for part in parts for name, kind in part.inputs.items()}
    gives = {End(part.name, name): kind for part in parts for name, kind in part.outputs.items()}
    inputs: dict[str, End] = {}
    for target in takes:
        if links[target].part == INPUT:
            gives.setdefault(links[target], takes[target])
            inputs.setdefault(links[target].port, target)
    laid = {End(part.name, port): layout for part in parts for port, layout in part.layouts.items()}

    def edge(end: End) -> Edge:
        source = links[end]
        try:
            return checked(source, gives[source], end, takes[end], (laid.get(source, ""), laid.get(end, "")))
        except BadManifest as error:
            error.where = told.get(end, f"part {end.part}")
            raise

    edges = tuple(map(edge, takes))
    picked = _outputs(parts, links, tuple(outputs), inputs)
    read = {*links.values(), *picked.values()}
    return Wiring(edges, inputs, picked, tuple(end for end in gives if end not in read))


def feeding(end: End, roles: Sequence[str], before: Sequence[Part], wires: Iterable[str]) -> tuple[End, str]:
    """What will feed an input of a part that isn't made yet, by the rules of ``wired``.

    With it the wire that says so, empty where it is the default.
    """
    given = [End(part.name, output) for part in before for output in part.outputs]
    for text in wires:
        for left, right in splits(text):
            if right in (str(end), end.port):
                try:
                    return _find(left, given, "output"), text
                except BadManifest as error:
                    error.remedy = f"{error.remedy} What feeds a part stands before it.".strip()
                    raise
    there = tuple(before[-1].outputs) if before else ()
    named = [name for name in (end.port, *roles) if name in there] or there
    if len(named) == 1 or (named and named != there):
        return End(before[-1].name, named[0]), ""
    raise BadManifest(
        f"nothing feeds {end}: {', '.join(there) or 'nothing'} comes before it",
        remedy=f"Say which goes there, as in --wire {there[0] if there else 'OUT'}={end}",
    )


def _explicit(
    parts: Sequence[Part], wires: Iterable[Wire], told: dict[End, str]
) -> Iterator[tuple[End, End]]:
    """(target, source) of each wire; ``told`` is where a user says so, by target."""
    places = {part.name: i for i, part in enumerate(parts)}
    seen: set[End] = set()
    for text in wires:
        source, target = ends(parts, text) if isinstance(text, str) else text
        if target in seen:
            raise BadManifest(f"two wires feed {target}", where=f"wire {text}")
        if source.part != INPUT and places[source.part] >= places[target.part]:
            raise BadManifest(
                f"{source.part} doesn't come before {target.part}",
                where=f"wire {text}",
                remedy="List the parts in the order they run.",
            )
        seen.add(target)
        if isinstance(text, str):
            told[target] = f"wire {text}"
        yield target, source


def ends(parts: Sequence[Part], text: str) -> tuple[End, End]:
    """Source and target of ``out=in``; names may themselves hold ``=`` and dots. Raises BadManifest."""
    sources = [End(part.name, name) for part in parts for name in part.outputs]
    targets = [End(part.name, name) for part in parts for name in part.inputs]
    problem = BadManifest("a wire reads SOURCE=TARGET", where=f"wire {text}")
    for left, right in splits(text):
        try:
            target = _find(right, targets, "input")
            own = End(INPUT, left.removeprefix(f"{INPUT}."))
            return (own if left != own.port else _find(left, sources, "output")), target
        except BadManifest as error:
            error.where = f"wire {text}"
            problem = error
    raise problem


def splits(text: str) -> Iterator[tuple[str, str]]:
    """Every way to read ``text`` as ``left=right``, first equals sign first."""
    for i, letter in enumerate(text):
        if letter == "=":
            yield text[:i].strip(), text[i + 1 :].strip()


def _find(text: str, ends: Sequence[End], what: str) -> End:
    """The end meant by ``part.port`` or ``port``. Raises BadManifest for none and for several."""
    found = [end for end in ends if str(end) == text] or [end for end in ends if end.port == text]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadManifest(f"{text} is an {what} of several parts", remedy=f"Say which: {_listed(found)}")
    near = difflib.get_close_matches(text, [*map(str, ends), *(end.port for end in ends)], n=3)
    raise BadManifest(
        f"no part has an {what} {text}",
        remedy=f"Is it {' or '.join(near)}?" if near else f"There are: {_listed(ends)}",
    )


def _listed(ends: Sequence[End]) -> str:
    return ", ".join(map(str, ends[:20])) + (", ..." if len(ends) > 20 else "")


def _default(before: Part, part: Part, links: Mapping[End, End]) -> dict[End, End]:
    """What the part before feeds to inputs that no wire names: see ``_match``."""
    free = [name for name in part.inputs if End(part.name, name) not in links]
    there = tuple(before.outputs)
    made: dict[End, End] = {}
    for name in free:
        roles = part.roles.get(name, ())
        known = [n for n in (name, *roles) if n in there]
        lone = len(part.inputs) == 1 and len(there) == 1
        if known or lone:
            made[End(part.name, name)] = End(before.name, known[0] if known else there[0])
    return made


def _refuse_loose(parts: Sequence[Part], links: Mapping[End, End]) -> None:
    """Raise BadManifest for a part that neither a wire nor a default connects to the others."""
    touched = {end.part for pair in links.items() for end in pair}
    loose = [i for i, part in enumerate(parts) if part.name not in touched]
    if len(parts) == 1 or not loose:
        return
    before, part = parts[max(loose[0], 1) - 1 :][:2]
    out, into = next(iter(before.outputs), "OUT"), next(iter(part.inputs), "IN")
    raise BadManifest(
        f"nothing connects {part.name} to {before.name}: {before.name} gives {', '.join(before.outputs)} "
        f"and {part.name} takes {', '.join(part.inputs)}",
        where=f"part {part.name}",
        remedy=f"Say which goes where, as in --wire {before.name}.{out}={part.name}.{into}",
    )


def _inputs(parts: Sequence[Part], links: Mapping[End, End]) -> dict[End, End]:
    """Where inputs that nothing feeds come from: the graph's input of that name.

    One that two parts want is called ``part.name``: one name doesn't make them one thing.
    """
    ends = [End(part.name, name) for part in parts for name in part.inputs]
    loose = [end for end in ends if end not in links]
    ports = Counter(end.port for end in loose)
    return {end: End(INPUT, end.port if ports[end.port] == 1 else str(end)) for end in loose}


def _outputs(
    parts: Sequence[Part], links: Mapping[End, End], wanted: Sequence[str], inputs: Collection[str]
) -> dict[str, End]:
    """The graph's outputs: those wanted (``name``, ``part.name`` or ``new=name``), else what is left over.

    Left over are the outputs of parts that feed no other part, ``part.name`` where names clash.
    """
    ends = [End(part.name, name) for part in parts for name in part.outputs]
    if not wanted:
        feeding_parts = {source.part for source in links.values()}
        left = [end for end in ends if end.part not in feeding_parts]
        ports = Counter([*(end.port for end in left), *inputs])
        return {end.port if ports[end.port] == 1 else str(end): end for end in left}
    made: dict[str, End] = {}
    for text in wanted:
        try:
            name, end = _output(text, ends)
        except BadManifest as error:
            error.where = f"outputs {text}"
            raise
        if name in made or name in inputs:
            what = "an input" if name in inputs else "another output"
            raise BadManifest(
                f"{name} is {what} already", where=f"outputs {text}", remedy=f"Rename it: NEW={end}"
            )
        made[name] = end
    return made


def _output(text: str, ends: Sequence[End]) -> tuple[str, End]:
    """(name, end) of ``name``, ``part.name`` or ``new=part.name``."""
    for end in ends:
        if text in (str(end), end.port):
            found = _find(text, ends, "output")
            return found.port, found
    for new, old in splits(text):
        return new, _find(old, ends, "output")
    return text, _find(text, ends, "output")
