#!/usr/bin/env python3
"""Writes exports of its own, from nothing but docs/export-format.md: of logs in which records were
erased and an event says so, whole and in two parts, and of others in which none does.

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


def sign(text, seed):
    """Ed25519, RFC 8032, 5.1.6: the public key and the signature."""
    digest = hashlib.sha512(seed).digest()
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


def record(seq, event_type, body, source, is_erased):
    """The line and the leaf of one record."""
    at = 1_790_000_000_000 + seq
    salted = bytes(range(seq, seq + 16)) + body
    header = b"".join([
        field(1, seq), field(2, at), field(3, source), field(4, "subledger"),
        field(5, sha(b"identity", bytes([seq]))), field(7, event_type), field(8, at),
        field(10, field(1, "none") + field(2, "none")), field(11, sha(salted)),
        field(12, len(body)),
    ])
    stored = len(header).to_bytes(4, "big") + header + (b"" if is_erased else salted)
    leaf, time = sha(b"\0", header), f"2026-09-21T14:13:20.{seq:03}Z"
    line = dict(seq=seq, record=encode(stored), recorded_at=time, source=source,
                provider="subledger", event_id=None, event_type=event_type, occurred_at=time,
                leaf_hash=leaf.hex())
    return written(line), leaf


def root(leaves):
    """RFC 6962, 2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha(b"\1", root(leaves[:half]), root(leaves[half:]))


def export(named, source="api", kind="event.erased", v=1, begin=0, end=5, seed=SEED,
           erased=(2, 4)):
    """The records after begin, of five. Those in `erased` have no body, and the fifth names those in
    `named`."""
    said = {"type": kind, "v": v, "data": {"seqs": named}}
    events = [("key.unknown", b'{"n":%d}' % n, "api") for n in range(1, 5)]
    events.append(("event.erased", json.dumps(said).encode(), source))
    events = [record(seq, *event, seq in erased) for seq, event in enumerate(events[:end], 1)]
    lines, leaves = zip(*events)
    text = f"{ORIGIN}\n{len(leaves)}\n{encode(root(list(leaves)))}\n"
    key, signature = sign(text.encode(), seed)
    key_id = sha(ORIGIN.encode(), b"\n\1", key)[:4]
    note = f"{text}\n\u2014 {ORIGIN} {encode(key_id + signature)}\n"
    name = f"{ORIGIN}+{key_id.hex()}+{encode(bytes([1]) + key)}"
    # Of four records there is one peak.
    before = [encode(root(list(leaves[:begin])))] if begin else []
    return b"".join(lines[begin:]) + written(
        {"checkpoint": note, "key": name, "from": begin + 1, "peaks_before": before})


if __name__ == "__main__":
    folder = pathlib.Path(*sys.argv[1:] or sys.exit(__doc__))
    exports = {
        "erased": export([2, 4]),
        "unerased": export([2, 4], erased=()),
        "part1": export([2, 4], end=4),
        "part2": export([2, 4], begin=4),
        "part2-of-another-key": export([2, 4], begin=4, seed=sha(b"another key")),
        "stripped": export([2]),
        "stripped-by-a-source": export([2, 4], source="razorpay"),
        "stripped-by-another-type": export([2, 4], kind="event.noted"),
        "stripped-by-another-version": export([2, 4], v=2),
    }
    for name, text in exports.items():
        (folder / f"{name}.ndjson").write_bytes(text)
