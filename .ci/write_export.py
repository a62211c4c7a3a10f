#!/usr/bin/env python3
"""Writes exports of its own, from nothing but docs/export-format.md: of a log in which a record was
erased and an event says so, and of one in which none does.

usage: write_export.py FOLDER"""
import hashlib, json, pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "docs"))
sys.dont_write_bytecode = True
from verify_export import L, encode, point, sha, times, written  # noqa: E402

ORIGIN = "made.example.com"
SEED = sha(b"a key for tests")
BASE = point(b"\x58" + b"\x66" * 31)


def number(data):
    return int.from_bytes(data, "little")


def compressed(q):
    return (q[1] | (q[0] & 1) << 255).to_bytes(32, "little")


def sign(text):
    """Ed25519, RFC 8032, 5.1.6: the public key and the signature."""
    digest = hashlib.sha512(SEED).digest()
    secret = number(digest[:32]) & (1 << 254) - 8 | 1 << 254
    key = compressed(times(secret, BASE))
    nonce = number(hashlib.sha512(digest[32:] + text).digest()) % L
    commitment = compressed(times(nonce, BASE))
    challenge = number(hashlib.sha512(commitment + key + text).digest()) % L
    return key, commitment + ((nonce + challenge * secret) % L).to_bytes(32, "little")


def varint(value):
    text = b""
    while value > 127:
        text, value = text + bytes([value & 127 | 128]), value >> 7
    return text + bytes([value])


def field(tag, value):
    if isinstance(value, int):
        return varint(tag << 3) + varint(value) if value else b""
    value = value.encode() if isinstance(value, str) else value
    return varint(tag << 3 | 2) + varint(len(value)) + value


def record(seq, event_type, body, is_erased):
    """The line and the leaf of one record."""
    at = 1_790_000_000_000 + seq
    salted = bytes(range(seq, seq + 16)) + body
    header = b"".join([
        field(1, seq), field(2, at), field(3, "api"), field(4, "subledger"),
        field(5, sha(b"identity", bytes([seq]))), field(7, event_type), field(8, at),
        field(10, field(1, "none") + field(2, "none")), field(11, sha(salted)),
        field(12, len(body)),
    ])
    stored = len(header).to_bytes(4, "big") + header + (b"" if is_erased else salted)
    leaf, time = sha(b"\0", header), f"2026-09-21T14:13:20.{seq:03}Z"
    line = dict(seq=seq, record=encode(stored), recorded_at=time, source="api",
                provider="subledger", event_id=None, event_type=event_type, occurred_at=time,
                leaf_hash=leaf.hex())
    return written(line), leaf


def root(leaves):
    """RFC 6962, 2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1", root(leaves[:half]), root(leaves[half:]))


def export(erased, named):
    """Five records; those in `erased` have no body, and the last one names those in `named`."""
    said = {"type": "event.erased", "v": 1, "actor": "operator", "at": 0, "data": {"seqs": named}}
    events = [("key.unknown", b'{"n":%d}' % n) for n in range(1, 5)]
    events.append(("event.erased", json.dumps(said).encode()))
    lines, leaves = zip(*(record(seq, *event, seq in erased) for seq, event in enumerate(events, 1)))
    text = f"{ORIGIN}\n{len(leaves)}\n{encode(root(list(leaves)))}\n"
    key, signature = sign(text.encode())
    key_id = sha(ORIGIN.encode(), b"\n\1", key)[:4]
    note = f"{text}\n\u2014 {ORIGIN} {encode(key_id + signature)}\n"
    name = f"{ORIGIN}+{key_id.hex()}+{encode(bytes([1]) + key)}"
    return b"".join(lines) + written(
        {"checkpoint": note, "key": name, "from": 1, "peaks_before": []})


if __name__ == "__main__":
    folder = pathlib.Path(*sys.argv[1:] or sys.exit(__doc__))
    (folder / "erased.ndjson").write_bytes(export({2, 4}, [2, 4]))
    (folder / "stripped.ndjson").write_bytes(export({2, 4}, [2]))
