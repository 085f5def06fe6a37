"""Fingerprints: texts to 64-bit numbers that look random and are always the same.

A vocabulary that nobody has listed is put into a fixed number of bins by the remainder
of such a number. Keras's are FarmHash64, and SipHash where a key ("salt") is given; a
model that was trained on their bins needs just these.

Sources: Pike, "FarmHash" (Fingerprint64), github.com/google/farmhash; Aumasson and
Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012.
"""

from __future__ import annotations

from collections.abc import Sequence

WORD = (1 << 64) - 1  # all numbers are taken modulo 2^64
K0, K1, K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F
CROSS = 0xC6A4A7935BD1E995
CROSS_KEY = 0xDECAFCAFFE

Pair = tuple[int, int]


def rotated(x: int, n: int) -> int:
    """The low 64 bits of ``x``, rotated to the right by ``n``."""
    x &= WORD
    return (x >> n | x << (64 - n)) & WORD


def rotated_left(x: int, n: int) -> int:
    """The same to the left."""
    return rotated(x, 64 - n)


def mixed(x: int) -> int:
    """The low 64 bits of ``x``, the upper ones put on the lower ones."""
    x &= WORD
    return x ^ x >> 47


def joined(u: int, v: int, mul: int) -> int:
    """Two numbers to one."""
    a = mixed((u ^ v) * mul)
    return mixed((v ^ a) * mul) * mul & WORD


def farmhash64(text: bytes) -> int:
    """FarmHash's Fingerprint64.

    >>> farmhash64(b"") == K2, farmhash64(b"a") % 10
    (True, 9)
    """
    n = len(text)

    def word(at: int, size: int = 8) -> int:
        at = at + n if at < 0 else at
        return int.from_bytes(text[at : at + size], "little")

    mul = (K2 + n * 2) & WORD
    if n > 64:
        return of_long(text)
    if n > 32:
        a, b, c, d = word(0) * K2, word(8), word(-8) * mul, word(-16) * K2
        y = rotated(a + b, 43) + rotated(c, 30) + d
        z = joined(y & WORD, a + rotated(b + K2, 18) + c & WORD, mul)
        e, f = word(16) * mul, word(24)
        g, h = (y + word(-32)) * mul, (z + word(-24)) * mul
        u = rotated(e + f, 43) + rotated(g, 30) + h
        return joined(u & WORD, e + rotated(f + a, 18) + g & WORD, mul)
    if n > 16:
        a, b, c, d = word(0) * K1, word(8), word(-8) * mul, word(-16) * K2
        u = rotated(a + b, 43) + rotated(c, 30) + d
        return joined(u & WORD, a + rotated(b + K2, 18) + c & WORD, mul)
    if n >= 8:
        a, b = word(0) + K2, word(-8)
        c, d = rotated(b, 37) * mul + a, (rotated(a, 25) + b) * mul
        return joined(c & WORD, d & WORD, mul)
    if n >= 4:
        return joined(n + (word(0, 4) << 3), word(-4, 4), mul)
    if n:
        y, z = text[0] + (text[n >> 1] << 8), n + (text[-1] << 2)
        return mixed(y * K2 ^ z * K0) * K2 & WORD
    return K2


def of_long(text: bytes) -> int:
    """Fingerprint64 of more than 64 bytes: 64 at a time, the last 64 once more."""
    n = len(text)

    def word(at: int) -> int:
        return int.from_bytes(text[at : at + 8], "little")

    def weak(at: int, a: int, b: int) -> Pair:
        a = a + word(at)
        b = rotated(b + a + word(at + 24), 21)
        c = a + word(at + 8) + word(at + 16)
        return c + word(at + 24) & WORD, b + rotated(c, 44) + a & WORD

    x, y = 81, 81 * K1 + 113 & WORD
    z = mixed(y * K2 + 113) * K2 & WORD
    v, w = (0, 0), (0, 0)
    x = x * K2 + word(0) & WORD
    end, rest = (n - 1) // 64 * 64, (n - 1) & 63
    mul, nine = K1, 1
    for at in [*range(0, end, 64), end + rest - 63]:
        if at == end + rest - 63:
            mul, nine = K1 + ((z & 0xFF) << 1), 9
            first = w[0] + rest
            v = (v[0] + first & WORD, v[1])
            w = (first + v[0] & WORD, w[1])
        x = rotated(x + y + v[0] + word(at + 8), 37) * mul
        y = rotated(y + v[1] + word(at + 48), 42) * mul
        x = (x ^ w[1] * nine) & WORD
        y = y + v[0] * nine + word(at + 40) & WORD
        z = rotated(z + w[0], 33) * mul & WORD
        v = weak(at, v[1] * mul, x + w[0])
        w = weak(at + 32, z + w[1], y + word(at + 16))
        x, z = z, x
    u = joined(v[0], w[0], mul & WORD) + mixed(y) * K0 + z
    return joined(u & WORD, joined(v[1], w[1], mul & WORD) + x & WORD, mul & WORD)


def siphash64(text: bytes, key: Sequence[int]) -> int:
    """SipHash-2-4 with a key of two 64-bit numbers.

    >>> hex(siphash64(bytes(range(15)), (0x0706050403020100, 0x0F0E0D0C0B0A0908)))
    '0xa129ca6149be45e5'
    """
    k0, k1 = (number & WORD for number in key)
    a, b = k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D
    c, d = k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573

    def rounds(n: int) -> None:
        nonlocal a, b, c, d
        for _ in range(n):
            a, c = a + b & WORD, c + d & WORD
            b, d = rotated_left(b, 13) ^ a, rotated_left(d, 16) ^ c
            a = rotated_left(a, 32)
            c, a = c + b & WORD, a + d & WORD
            b, d = rotated_left(b, 17) ^ c, rotated_left(d, 21) ^ a
            c = rotated_left(c, 32)

    whole = len(text) - len(text) % 8
    padded = text[whole:].ljust(7, b"\0") + bytes([len(text) & 0xFF])
    for part in [*(text[i : i + 8] for i in range(0, whole, 8)), padded]:
        number = int.from_bytes(part, "little")
        d ^= number
        rounds(2)
        a ^= number
    c ^= 0xFF
    rounds(4)
    return a ^ b ^ c ^ d


def crossed(numbers: Sequence[int]) -> int:
    """The fingerprint of a combination, from those of its parts in their order."""
    found = CROSS_KEY
    for number in numbers:
        found = (found ^ CROSS ^ mixed(number * CROSS) * CROSS) * CROSS
        found = mixed(mixed(found) * CROSS)
    return found
