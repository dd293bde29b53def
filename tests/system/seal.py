# SPDX-License-Identifier: BSD-2-Clause
"""Entries as Redis keeps them (src/cache/entry.c, src/cache/seal.c), made and changed by a test."""
import hashlib
import struct

SEAL, CREATED = 8, 24  # size of the one, offset of the other
MASK = (1 << 64) - 1


def rotate(x, by):
    return (x << by | x >> (64 - by)) & MASK


def siphash(key, text):
    """SipHash-2-4 (Aumasson, Bernstein, 2012)."""
    k0, k1 = struct.unpack("<QQ", key)
    v0, v1 = k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d
    v2, v3 = k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573

    def turn():
        nonlocal v0, v1, v2, v3
        v0, v2 = (v0 + v1) & MASK, (v2 + v3) & MASK
        v1, v3 = rotate(v1, 13) ^ v0, rotate(v3, 16) ^ v2
        v0 = rotate(v0, 32)
        v2, v0 = (v2 + v1) & MASK, (v0 + v3) & MASK
        v1, v3 = rotate(v1, 17) ^ v2, rotate(v3, 21) ^ v0
        v2 = rotate(v2, 32)

    text += bytes(7 - len(text) % 8) + bytes([len(text) & 0xff])
    for (word,) in struct.iter_unpack("<Q", text):
        v3 ^= word
        turn()
        turn()
        v0 ^= word
    v2 ^= 0xff
    for _ in range(4):
        turn()
    return v0 ^ v1 ^ v2 ^ v3


def seal(stack, name, text, secret=None):
    """The text with its seal under this name; by the stack's secret, unless another is given."""
    secret = stack.env["LARDER_SECRET"] if secret is None else secret
    key = hashlib.blake2b(b"larder entry:larder:" + secret.encode(), digest_size=16).digest()
    name = name.encode()
    return text + struct.pack("<Q", siphash(key, bytes([len(name)]) + name + text))


def head_size(value):
    return 44 + 8 * value[3] + value[4]  # tags and etag


def moved(stack, name, value, seconds, **more):
    """The same entry, made so much later."""
    text = bytearray(value[:-SEAL])
    created, = struct.unpack_from("<Q", text, CREATED)
    struct.pack_into("<Q", text, CREATED, created + int(1000 * seconds))
    return seal(stack, name, bytes(text), **more)
