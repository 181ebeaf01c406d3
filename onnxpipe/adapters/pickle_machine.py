"""The stack machine that a pickle is a program for, with every call replaced by a record of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from onnxpipe.adapters import pickle_values as values
from onnxpipe.adapters.pickle_values import Global, Unfilled
from onnxpipe.core.record import Record
from onnxpipe.errors import Unreadable

if TYPE_CHECKING:
    from onnxpipe.adapters.pickle_opcodes import Opcode

_NUMPY = ("numpy.core", "numpy._core")
_BUILTINS = ("builtins", "__builtin__")
REBUILT: dict[str, Callable[..., Any]] = {
    **{f"{home}.multiarray._reconstruct": values.empty_array for home in _NUMPY},
    **{f"{home}.multiarray.scalar": values.scalar for home in _NUMPY},
    **{f"{home}.numeric._frombuffer": values.from_buffer for home in _NUMPY},
    "numpy.dtype": values.dtype,
    "_codecs.encode": values.text_bytes,
    "copyreg._reconstructor": values.reconstructed,
    "copy_reg._reconstructor": values.reconstructed,
    "copyreg.__newobj__": lambda cls, *args: values.new(cls, args),
    "copyreg.__newobj_ex__": values.new,
    "collections.defaultdict": lambda _factory=None: {},
    "cloudpickle.cloudpickle._builtin_type": values.builtin_type,
    **{f"{home}.bytes": values.text_bytes for home in _BUILTINS},
    **{f"{home}.{kind.__name__}": values.number(kind) for home in _BUILTINS for kind in (slice, complex)},
    **{f"{home}.{name}": values.number(range) for home in _BUILTINS for name in ("range", "xrange")},
}
"""What is really made, from data alone; every other call is only recorded."""
CONTAINERS: dict[str, type] = {
    "collections.OrderedDict": dict,
    **{f"{h}.{kind.__name__}": kind for h in _BUILTINS for kind in (set, frozenset, list, dict, tuple)},
    **{f"{h}.bytearray": bytearray for h in _BUILTINS},
}
_SIZED = (str, bytes, bytearray, list, tuple, dict, set, frozenset)
_JOBLIB = "joblib.numpy_pickle.NumpyArrayWrapper"


class Machine:
    """One pickle stream within ``data`` from ``pos`` on; ``names`` collects what it refers to.

    Marks set the current ``stack`` aside in ``marked``. ``budget`` is how many elements may still be
    copied by calls: an honest file copies each element it holds once, a bomb the same one for ever.
    """

    __slots__ = ("budget", "data", "inside", "marked", "memo", "names", "opcodes", "pos", "stack", "unfilled")

    def __init__(self, data: bytes | bytearray, opcodes: list[Opcode], pos: int = 0) -> None:
        self.data, self.opcodes, self.pos, self.inside = data, opcodes, pos, False
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.names: dict[str, Global] = {}
        self.unfilled = 0
        self.budget = 4 * len(data) + 1024

    def run(self) -> Any:
        """The object that the stream describes; afterwards ``pos`` is behind its end."""
        data, opcodes = self.data, self.opcodes
        while (code := data[self.pos]) != 46:  # STOP
            self.pos += 1
            opcodes[code](self)
        self.pos += 1
        if self.unfilled:
            raise Unreadable("an array in it was never filled")
        return self.stack.pop()

    def take(self, size: int) -> bytes | bytearray:
        """The next ``size`` bytes. Raises Unreadable where there are fewer."""
        end = self.pos + size
        if size < 0 or end > len(self.data):
            raise Unreadable("it ends too early")
        taken = self.data[self.pos : end]
        self.pos = end
        return taken

    def number(self, size: int, signed: bool = False) -> int:
        """The next ``size`` bytes as a little-endian integer."""
        return int.from_bytes(self.take(size), "little", signed=signed)

    def line(self, limit: int = 4096) -> bytes:
        """The bytes up to the next line feed, which is skipped."""
        end = self.data.find(b"\n", self.pos, self.pos + limit)
        if end < 0:
            raise Unreadable("a line in it doesn't end")
        text = bytes(self.data[self.pos : end])
        self.pos = end + 1
        return text

    def pay(self, *copied: Any) -> None:
        """Take the sizes of what is about to be copied from the budget; small ones are free."""
        for value in copied:
            if isinstance(value, _SIZED) and len(value) > 64:
                self.budget -= len(value)
        if self.budget < 0:
            raise Unreadable("it copies its contents over and over")

    def unmarked(self) -> list[Any]:
        """What was pushed since the last mark, which goes away."""
        items, self.stack = self.stack, self.marked.pop()
        return items

    def recall(self, index: int) -> None:
        """Push a memorised object."""
        value = self.memo[index]
        if type(value) is Unfilled:
            if value.value is None:
                raise Unreadable("an array in it holds itself")
            value = value.value
        self.stack.append(value)

    def name(self, module: Any, name: Any) -> None:
        """Push the stand-in of a dotted name, the same one each time."""
        if not isinstance(module, str) or not isinstance(name, str):  # a bomb's text would have no end
            raise Unreadable("it refers to something that is no name")
        dotted = f"{module}.{name}"
        if not dotted.isprintable():
            raise Unreadable("it refers to something that is no name")
        if dotted not in self.names:
            self.names[dotted] = Global(module, name)
        self.stack.append(self.names[dotted])

    def call(self, function: Any, args: Any) -> None:
        """Push what a call answers: a value made of data alone, or a record of the call."""
        if not isinstance(function, (Global, Record)) or not isinstance(args, tuple):
            raise Unreadable(f"it calls a {type(function).__name__}")
        if isinstance(function, Global) and function.origin in CONTAINERS:
            self.stack.append(self.container(CONTAINERS[function.origin], args))
        elif isinstance(function, Global) and function.origin in REBUILT:
            self.pay(*args)
            made = REBUILT[function.origin](*args)
            self.unfilled += type(made) is Unfilled
            self.stack.append(made)
        else:
            _refuse_hidden(args)
            self.stack.append(Record(function.kind, function.origin, args))

    def container(self, kind: type, args: tuple[Any, ...]) -> Any:
        """A plain container of the elements of another one."""
        source = args[0] if args else ()
        if not isinstance(source, _SIZED):
            raise Unreadable(f"a {kind.__name__} is made of a {type(source).__name__}")
        self.pay(source)
        if kind is bytearray:
            return bytearray(values.text_bytes(*args))
        if kind is dict:
            return self.filled({}, source.items() if isinstance(source, dict) else source)
        if kind in (set, frozenset):
            values.keys_allowed(source)
        return kind(source)

    def made(self, cls: Any, args: Any, kwargs: Any = None) -> None:
        """Push a new object of a class."""
        self.pay(kwargs)
        _refuse_hidden((*args, *(kwargs or {}).values()) if isinstance(args, tuple) else ())
        self.stack.append(values.new(cls, args, kwargs))

    def filled(self, target: Any, pairs: Iterable[Any]) -> Any:
        """``target`` with these (key, value) pairs added."""
        pairs = list(pairs)
        if type(target) is dict:
            if {type(key) for key, _ in pairs} != {str}:
                values.keys_allowed(key for key, _ in pairs)
            target.update(pairs)
        elif isinstance(target, Record):
            target.items.extend(pairs)
        else:
            raise Unreadable(f"it sets items of a {type(target).__name__}")
        return target

    def extend(self, items: list[Any]) -> None:
        """Append items to the list, set or record on top."""
        target = self.stack[-1]
        if isinstance(target, Record):
            target = target.items
        if type(target) is set:
            values.keys_allowed(items)
            target.update(items)
        elif type(target) is list:
            target.extend(items)
        else:
            raise Unreadable(f"it appends to a {type(target).__name__}")

    def build(self, state: Any) -> None:
        """Give the object on top its state."""
        target = self.stack[-1]
        if isinstance(target, Record):
            self.pay(target.state, *(state if isinstance(state, tuple) and len(state) == 2 else ()))
            target.state = _merged(target.state, state)
            if target.origin == _JOBLIB:
                self.stack[-1] = self.joblib_array(target)
        elif type(target) is Unfilled and target.value is None and isinstance(state, tuple):
            self.pay(*state)
            self.stack[-1] = target.value = target.fill(state)
            self.unfilled -= 1
        else:
            raise Unreadable(f"it sets the state of a {type(target).__name__}")

    def joblib_array(self, wrapper: Record) -> Any:
        """The array whose bytes follow a joblib wrapper, objects as a pickle of their own.

        Layout: joblib/numpy_pickle.py; since 1.2 the bytes come after a padding and its length. joblib
        looks for them in the outermost pickle only: inside others, they would be executed.
        """
        if self.inside:
            raise Unreadable("an array of joblib's is in a pickle of its own")
        dtype, shape = wrapper.get("dtype"), wrapper.get("shape")
        if getattr(dtype, "hasobject", False):
            return self.nested()
        if wrapper.get("numpy_array_alignment_bytes") is not None:
            self.take(self.number(1))
        made = values.array(self.data, dtype, shape, wrapper.get("order"), self.pos)
        self.pos += values.elements(shape) * dtype.itemsize
        return made

    def nested(self) -> Any:
        """The object of a whole pickle that starts here, read by the same rules."""
        inner = Machine(self.data, self.opcodes, self.pos)
        inner.names, inner.budget, inner.inside = self.names, self.budget, True
        made = inner.run()
        self.pos, self.budget = inner.pos, inner.budget
        return made


def _refuse_hidden(args: tuple[Any, ...]) -> None:
    """Raise Unreadable where a call is given joblib's wrapper: what it makes of it would be one unseen."""
    if any(isinstance(arg, Global) and arg.origin == _JOBLIB for arg in args):
        raise Unreadable("it hides an array of joblib's")


def _merged(old: Any, new: Any) -> Any:
    """Attributes after a state was set: (dict, slots) is how objects with __slots__ are saved."""
    slotted = isinstance(new, tuple) and len(new) == 2 and isinstance(new[1], dict)
    if slotted and isinstance(new[0], dict | None):
        new = {**(new[0] or {}), **new[1]}
    return {**old, **new} if isinstance(old, dict) and isinstance(new, dict) else new
