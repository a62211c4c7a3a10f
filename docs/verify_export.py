#!/usr/bin/env python3
"""Checks exports of a subledger as export-format.md describes them, with Python's standard library.
usage: verify_export.py FILE...     (- is standard input)     exit code 0 intact, 1 refused"""
import base64, hashlib, json, re, sys
from datetime import datetime, timedelta
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519: RFC 8032
D, ROOT, T0 = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P), datetime(1970, 1, 1)
OURS = [("subledger", source) for source in ("api", "catalogue", "scheduler", "sandbox")]
NOTE = re.compile("((?:[^\0-\x1f]+\n)+)\n((?:\u2014 [^\\s+]+ \\S+\n)+)")  # text, signatures
def need(condition, what):
    if not condition: raise ValueError(what)
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def encode(data): return base64.b64encode(data).decode()
def decode(text):
    need(encode(base64.b64decode(text)) == text, "it has base64 in another form")
    return base64.b64decode(text)
def written(it): return (json.dumps(it, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
def point(data):  # a point of the curve from its 32 bytes
    y, sign = int.from_bytes(data, "little") % 2**255, data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P) * (1 if pow(square, (P - 1) // 4, P) == 1 else ROOT) % P
    need(y < P and x * x % P == square and (x or not sign), "its key is no point of the curve")
    return (x if x % 2 == sign else P - x), y
def add(one, other):
    (x1, y1), (x2, y2) = one, other
    t = D * x1 * x2 * y1 * y2
    return (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P
def times(number, q, total=(0, 1)):
    while number: total, q, number = add(total, q) if number & 1 else total, add(q, q), number >> 1
    return total
def is_signed(key, text, signature):
    number, (x, y) = int.from_bytes(signature[32:], "little"), point(key)
    digest = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    x, y = add(times(number, point(b"\x58" + b"\x66" * 31)), times(digest, (P - x, y)))
    return number < L and (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]
def fields(data):  # of a Protocol Buffers message: the last value of each, by number
    found, at = {}, 0
    def varint(value=0, shift=0):
        nonlocal at
        at += 1
        value |= (data[at - 1] & 127) << shift
        return varint(value, shift + 7) if data[at - 1] > 127 else value
    while at < len(data):
        tag, value = varint(), varint()
        if tag & 7 == 2: value, at = data[at:at + value], at + value
        found[tag >> 3] = value
    return found
def read(raw):  # a record's line: its keys, its leaf, and its salt and body
    record = decode(json.loads(raw)["record"])
    end = 4 + int.from_bytes(record[:4], "big")
    rest, field, leaf = record[end:], fields(record[4:end]), sha(b"\0", record[4:end])
    text = lambda n: field[n].decode() if n in field else None
    time = lambda n: (T0 + timedelta(0, 0, 0, field.get(n, 0))).isoformat("T", "milliseconds") + "Z"
    line = dict(seq=field[1], record=encode(record), recorded_at=time(2), source=text(3) or "",
                provider=text(4) or "", event_id=text(6), event_type=text(7), occurred_at=time(8),
                leaf_hash=leaf.hex())
    need(raw == written(line), "it is not written as its record says")
    need(not rest or sha(rest) == field[11] and len(rest) == 16 + field.get(12, 0), "another body")
    return line, leaf, rest
def check(lines, at, bare, before=()):  # `at` counts lines; `bare`: records without a body
    nodes, begin, size, newest, raw, is_open = [], None, 0, "", b"", bool(bare)
    for at[0], raw in enumerate(lines, 1):
        if raw.startswith(b'{"checkpoint":'): break
        line, leaf, rest = read(raw)
        if begin is None: begin = size = line["seq"] - 1
        need(line["seq"] == size + 1 and line["recorded_at"] >= newest, "it is out of order")
        if not rest: bare.add(line["seq"])
        elif line["event_type"] == "event.erased" and (line["provider"], line["source"]) in OURS:
            said = json.loads(rest[16:])
            if [said["type"], said["v"]] == ["event.erased", 1]: bare -= {*said["data"]["seqs"]}
        newest, level = line["recorded_at"], 0
        while size >> level & 1 and (size >> level) - 1 << level >= begin:
            leaf, level = sha(b"\1", nodes.pop()[1], leaf), level + 1
        nodes, size = nodes + [(level, leaf)], size + 1
    need(raw.startswith(b'{"checkpoint":') and size, "the export ends without its checkpoint")
    name, key_id, key = (last := json.loads(raw))["key"].split("+", 2)
    need(raw == written({k: last[k] for k in ("checkpoint", "key", "from", "peaks_before")})
         and last["from"] == begin + 1 and next(lines, None) is None, "it does not end the export")
    need(not is_open or before[:2] == (last["key"], begin), "it does not go on from the one before")
    peaks, done, key = [decode(peak) for peak in last["peaks_before"]], begin, decode(key)
    need(len(peaks) == bin(begin).count("1"), "it has too many peaks or too few")
    for level, node in nodes:
        done, index = done + (1 << level), done >> level
        while index & 1: node, index = sha(b"\1", peaks.pop(), node), index >> 1
        peaks.append(node)
    while len(peaks) > 1: peaks[-2:] = [sha(b"\1", *peaks[-2:])]
    need(note := NOTE.fullmatch(last["checkpoint"]), "its checkpoint is no signed note")
    need(note[1].split("\n")[:3] == [name, str(size), encode(peaks[0])], "it signs other records")
    need(sha(name.encode(), b"\n", key)[:4].hex() == key_id and key[0] == 1, "its key is wrong")
    signed = [(who, decode(data)) for _, who, data in map(str.split, note[2].splitlines())]
    need(any(who == name and s[:4].hex() == key_id and is_signed(key[1:], note[1].encode(), s[4:])
             for who, s in signed), "its signature is wrong")
    return last["key"], size, f"records {begin + 1} to {size}, root {peaks[0].hex()}"
if __name__ == "__main__":
    at, bare, before = [0], set(), ()
    for name in sys.argv[1:] or sys.exit(__doc__):
        try: before = check(iter(open(0 if name == "-" else name, "rb")), at, bare, before)
        except Exception as wrong: sys.exit(f"{name}: line {at[0]} is refused: {wrong}")
        print(f"{before[2]}, key {before[0]}")
    print("intact") if not bare else sys.exit(f"erased, and no event says so: {sorted(bare)}")
