"""What each opcode of pickle's protocols 0 to 5 does to the machine.

Semantics: the comments of Lib/pickletools.py. Extension codes, persistent ids and out-of-band
buffers refer to things outside the file and are refused.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import NoReturn

from onnxpipe.adapters.pickle_literals import LITERALS
from onnxpipe.adapters.pickle_machine import Machine
from onnxpipe.adapters.pickle_values import Unfilled
from onnxpipe.errors import Unreadable

Opcode = Callable[[Machine], None]


def _unknown(machine: Machine) -> NoReturn:
    raise Unreadable(f"not a pickle: byte {machine.pos - 1} is no opcode")


OPCODES: list[Opcode] = [_unknown] * 256


def _on(*codes: bytes) -> Callable[[Opcode], Opcode]:
    def register(function: Opcode) -> Opcode:
        for code in codes:
            OPCODES[code[0]] = function
        return function

    return register


@_on(pickle.PROTO)
def _proto(machine: Machine) -> None:
    version = machine.number(1)
    if version > pickle.HIGHEST_PROTOCOL:
        raise Unreadable(f"it is a pickle of protocol {version}, which isn't known")


@_on(pickle.FRAME)
def _frame(machine: Machine) -> None:
    if machine.number(8) > len(machine.data) - machine.pos:
        raise Unreadable("it ends too early")


@_on(pickle.PERSID, pickle.BINPERSID)
def _persistent(machine: Machine) -> NoReturn:
    raise Unreadable("it refers to objects outside itself (persistent ids)")


@_on(pickle.EXT1, pickle.EXT2, pickle.EXT4)
def _extension(machine: Machine) -> NoReturn:
    raise Unreadable("it refers to a registry outside itself (extension codes)")


@_on(pickle.NEXT_BUFFER)
def _out_of_band(machine: Machine) -> NoReturn:
    raise Unreadable("its arrays were saved outside itself (out-of-band buffers)")


@_on(pickle.READONLY_BUFFER)
def _nothing(machine: Machine) -> None:
    return


OPCODES[:] = [LITERALS.get(bytes([code]), known) for code, known in enumerate(OPCODES)]


@_on(pickle.MARK)
def _mark(machine: Machine) -> None:
    machine.marked.append(machine.stack)
    machine.stack = []


@_on(pickle.POP)
def _pop(machine: Machine) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.unmarked()


@_on(pickle.POP_MARK)
def _pop_mark(machine: Machine) -> None:
    machine.unmarked()


@_on(pickle.DUP)
def _dup(machine: Machine) -> None:
    if type(machine.stack[-1]) is Unfilled:
        raise Unreadable("it doubles an array before filling it")
    machine.stack.append(machine.stack[-1])


@_on(pickle.MEMOIZE)
def _memoize(machine: Machine) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


@_on(pickle.PUT)
def _put(machine: Machine) -> None:
    machine.memo[int(machine.line())] = machine.stack[-1]


@_on(pickle.BINPUT)
def _binput(machine: Machine) -> None:
    machine.memo[machine.data[machine.pos]] = machine.stack[-1]
    machine.pos += 1


@_on(pickle.LONG_BINPUT)
def _long_binput(machine: Machine) -> None:
    machine.memo[machine.number(4)] = machine.stack[-1]


@_on(pickle.GET)
def _get(machine: Machine) -> None:
    machine.recall(int(machine.line()))


@_on(pickle.BINGET)
def _binget(machine: Machine) -> None:
    machine.pos += 1
    machine.recall(machine.data[machine.pos - 1])


@_on(pickle.LONG_BINGET)
def _long_binget(machine: Machine) -> None:
    machine.recall(machine.number(4))


OPCODES[pickle.EMPTY_LIST[0]] = lambda machine: machine.stack.append([])
OPCODES[pickle.EMPTY_DICT[0]] = lambda machine: machine.stack.append({})
OPCODES[pickle.EMPTY_SET[0]] = lambda machine: machine.stack.append(set())


def _tuple_of(code: bytes, size: int) -> None:
    def make(machine: Machine) -> None:
        if len(machine.stack) < size:
            raise Unreadable("its stack runs empty")
        machine.stack[-size:] = [tuple(machine.stack[-size:])]

    OPCODES[code[0]] = make


_tuple_of(pickle.TUPLE1, 1)
_tuple_of(pickle.TUPLE2, 2)
_tuple_of(pickle.TUPLE3, 3)


@_on(pickle.TUPLE)
def _tuple(machine: Machine) -> None:
    items = machine.unmarked()
    machine.stack.append(tuple(items))


@_on(pickle.LIST)
def _list(machine: Machine) -> None:
    items = machine.unmarked()
    machine.stack.append(items)


@_on(pickle.DICT)
def _dict(machine: Machine) -> None:
    items = machine.unmarked()
    machine.stack.append(machine.filled({}, zip(items[::2], items[1::2], strict=True)))


@_on(pickle.FROZENSET)
def _frozenset(machine: Machine) -> None:
    items = machine.unmarked()
    machine.stack.append(machine.container(frozenset, (items,)))


@_on(pickle.APPEND)
def _append(machine: Machine) -> None:
    item = machine.stack.pop()
    machine.extend([item])


@_on(pickle.APPENDS, pickle.ADDITEMS)
def _appends(machine: Machine) -> None:
    items = machine.unmarked()
    machine.extend(items)


@_on(pickle.SETITEM)
def _setitem(machine: Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.filled(machine.stack[-1], [(key, value)])


@_on(pickle.SETITEMS)
def _setitems(machine: Machine) -> None:
    items = machine.unmarked()
    machine.filled(machine.stack[-1], zip(items[::2], items[1::2], strict=True))


@_on(pickle.GLOBAL)
def _global(machine: Machine) -> None:
    module, name = str(machine.line(), "utf-8"), str(machine.line(), "utf-8")
    machine.name(module, name)


@_on(pickle.STACK_GLOBAL)
def _stack_global(machine: Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.name(module, name)


@_on(pickle.INST)
def _inst(machine: Machine) -> None:
    _global(machine)
    cls = machine.stack.pop()
    args = machine.unmarked()
    machine.call(cls, tuple(args))


@_on(pickle.OBJ)
def _obj(machine: Machine) -> None:
    cls, *args = machine.unmarked()
    machine.call(cls, tuple(args))


@_on(pickle.REDUCE)
def _reduce(machine: Machine) -> None:
    args, function = machine.stack.pop(), machine.stack.pop()
    machine.call(function, args)


@_on(pickle.NEWOBJ)
def _newobj(machine: Machine) -> None:
    args, cls = machine.stack.pop(), machine.stack.pop()
    machine.made(cls, args)


@_on(pickle.NEWOBJ_EX)
def _newobj_ex(machine: Machine) -> None:
    kwargs, args, cls = machine.stack.pop(), machine.stack.pop(), machine.stack.pop()
    machine.made(cls, args, kwargs)


@_on(pickle.BUILD)
def _build(machine: Machine) -> None:
    state = machine.stack.pop()
    machine.build(state)
