"""CityHash64 in its first version, of which CatBoost keeps 32 bits for a category.

Algorithm: util/digest/city.cpp and CalcCatFeatureHash in catboost/libs/cat_feature/cat_feature.cpp;
numbers here are Python's, cut to 64 bits.
"""

from __future__ import annotations

_ALL = 2**64 - 1
_K0, _K1, _K2, _K3 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F, 0xC949D7C7509E6557
_PAIR = 0x9DDFEA08EB382D69

Pair = tuple[int, int]


def category_hash(text: str) -> int:
    """What CatBoost knows of a category, as a signed 32-bit number."""
    low = city64(text.encode("utf-8", "surrogatepass")) & 0xFFFFFFFF
    return low - 2**32 if low >= 2**31 else low


def city64(s: bytes) -> int:
    """The 64-bit hash of bytes."""
    if len(s) <= 16:
        return _short(s)
    if len(s) <= 32:
        return _medium(s)
    return _longer(s) if len(s) <= 64 else _long(s)


def _at(s: bytes, place: int, size: int = 8) -> int:
    place = place if place >= 0 else len(s) + place
    return int.from_bytes(s[place : place + size], "little")


def _turned(value: int, shift: int) -> int:
    value &= _ALL
    return value if shift == 0 else (value >> shift) | (value << (64 - shift)) & _ALL


def _mixed(value: int) -> int:
    value &= _ALL
    return value ^ (value >> 47)


def _joined(low: int, high: int) -> int:
    """One number from two, as Hash128to64 does."""
    low, high = low & _ALL, high & _ALL
    a = _mixed((low ^ high) * _PAIR)
    return _mixed((high ^ a) * _PAIR) * _PAIR & _ALL


def _short(s: bytes) -> int:
    size = len(s)
    if size > 8:
        a, b = _at(s, 0), _at(s, -8)
        return _joined(a, _turned(b + size, size)) ^ b
    if size >= 4:
        return _joined(size + (_at(s, 0, 4) << 3), _at(s, -4, 4))
    if size == 0:
        return _K2
    y, z = s[0] + (s[size >> 1] << 8), size + (s[-1] << 2)
    return _mixed(y * _K2 & _ALL ^ z * _K3 & _ALL) * _K2 & _ALL


def _medium(s: bytes) -> int:
    a, b, c, d = _at(s, 0) * _K1, _at(s, 8), _at(s, -8) * _K2, _at(s, -16) * _K0
    return _joined(_turned(a - b, 43) + _turned(c, 30) + d, a + _turned(b ^ _K3, 20) - c + len(s))


def _longer(s: bytes) -> int:
    first = _half(_at(s, 24), _at(s, 0) + (len(s) + _at(s, -16)) * _K0, _at(s, 8), _at(s, 16))
    last = _half(_at(s, -8), _at(s, 16) + _at(s, -32), _at(s, -24), _at(s, -16))
    r = _mixed((first[0] + last[1]) * _K2 + (last[0] + first[1]) * _K0)
    return _mixed(r * _K0 + first[1]) * _K2 & _ALL


def _half(z: int, a: int, second: int, third: int) -> Pair:
    """One side of a text of 33 to 64 bytes."""
    b, c = _turned(a + z, 52), _turned(a, 37)
    a += second
    c += _turned(a, 7)
    a += third
    return a + z, b + _turned(a, 31) + c


def _long(s: bytes) -> int:
    x, y, z = _at(s, 0), _at(s, -16) ^ _K1, _at(s, -56) ^ _K0
    v, w = _weak(s, len(s) - 64, len(s), y), _weak(s, len(s) - 32, len(s) * _K1, _K0)
    z += _mixed(v[1]) * _K1
    x, y = _turned(z + x, 39) * _K1, _turned(y, 33) * _K1
    for place in range(0, (len(s) - 1) & ~63, 64):
        x = _turned(x + y + v[0] + _at(s, place + 16), 37) * _K1
        y = _turned(y + v[1] + _at(s, place + 48), 42) * _K1
        x, y = x & _ALL ^ w[1], y & _ALL ^ v[0]
        z = _turned(z & _ALL ^ w[0], 33)
        v, w = _weak(s, place, v[1] * _K1, x + w[0]), _weak(s, place + 32, z + w[1], y)
        x, z = z, x
    return _joined(_joined(v[0], w[0]) + _mixed(y) * _K1 + z, _joined(v[1], w[1]) + x)


def _weak(s: bytes, place: int, a: int, b: int) -> Pair:
    """Two numbers from 32 bytes and two seeds."""
    first, second, third, fourth = (_at(s, place + 8 * i) for i in range(4))
    a += first
    b = _turned(b + a + fourth, 21)
    c = a
    a += second + third
    b += _turned(a, 44)
    return (a + fourth) & _ALL, (b + c) & _ALL
