#!/usr/bin/env python3
"""Damages exports in every way it knows, and fails on one that docs/verify_export.py takes.

usage: damage_export.py FILE...      SEED=... repeats the random part"""
import base64, json, os, pathlib, random, sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "docs"))
sys.dont_write_bytecode = True
import verify_export  # noqa: E402

FLIPS = 300
SEED = int(os.environ.get("SEED", random.randrange(2**32)))


def verdict(text):
    """Why the text is refused; None where it is taken."""
    bare = set()
    try:
        verify_export.check(iter(text.splitlines(keepends=True)), [0], bare)
    except Exception as wrong:
        return str(wrong) or type(wrong).__name__
    return f"no event says that they were erased: {bare}" if bare else None


def stripped(line):
    """The same record without salt and body: only an event that says so makes that right."""
    line = json.loads(line)
    record = base64.b64decode(line["record"])
    header = record[: 4 + int.from_bytes(record[:4], "big")]
    line["record"] = base64.b64encode(header).decode()
    return verify_export.written(line)


def other_forms(text):
    lines = text.splitlines(keepends=True)
    records, last = lines[:-1], lines[-1]
    for at in range(len(lines)):
        yield f"ends before line {at + 1}", b"".join(lines[:at])
        yield f"ends in line {at + 1}", b"".join(lines[:at]) + lines[at][: len(lines[at]) // 2]
    for at, line in enumerate(records):
        yield f"without line {at + 1}", b"".join(records[:at] + records[at + 1 :]) + last
        yield f"line {at + 1} twice", b"".join(records[: at + 1] + records[at:]) + last
        yield f"no body in line {at + 1}", b"".join(
            records[:at] + [stripped(line)] + records[at + 1 :]
        ) + last
    for at in range(len(records) - 1):
        swapped = records[:at] + [records[at + 1], records[at]] + records[at + 2 :]
        yield f"lines {at + 1} and {at + 2} swapped", b"".join(swapped) + last
    yield "without its last line feed", text[:-1]
    yield "twice", text + text
    yield "with a line feed more", text + b"\n"
    yield "with carriage returns", text.replace(b"\n", b"\r\n")
    yield "with a byte order mark", b"\xef\xbb\xbf" + text
    yield "with white space", text.replace(b'{"seq":', b'{"seq": ', 1)
    yield "with a key more", text.replace(b'{"seq":', b'{"more":1,"seq":', 1)
    yield "with a key twice", text.replace(b'{"seq":', b'{"seq":1,"seq":', 1)
    yield "with a key less", text.replace(b'"source":"catalogue",', b"").replace(
        b'"source":"razorpay",', b"", 1
    )
    yield "with loose base64", text.replace(b'","recorded_at"', b'=","recorded_at"', 1)
    yield "with a larger from", text.replace(b'"from":', b'"from":1', 1)
    note = json.loads(last)["checkpoint"]
    junk = {"text": "junk", "a line": "junk\n", "a blank line": "\n", "a bare mark": "\u2014 a\n"}
    for what, more in junk.items():
        said = {**json.loads(last), "checkpoint": note + more}
        yield f"with {what} after the note", b"".join(records) + verify_export.written(said)
    name = json.loads(last)["key"].split("+")[0].encode()
    yield "signed by another name", text.replace(name, name[:-1] + b"x")


def flips(text, chance):
    last = text[:-1].rfind(b"\n") + 1
    places = [*range(last, len(text)), *(chance.randrange(last) for _ in range(FLIPS))]
    for at in places:
        changed = bytearray(text)
        changed[at] ^= 1 << chance.randrange(8)
        yield f"byte {at} changed from {text[at]} to {changed[at]}", bytes(changed)


def main():
    print(f"SEED={SEED}")
    chance, tried = random.Random(SEED), 0
    for name in sys.argv[1:] or sys.exit(__doc__):
        text = pathlib.Path(name).read_bytes()
        if why := verdict(text):
            sys.exit(f"{name} is intact and was refused: {why}")
        for what, damaged in [*other_forms(text), *flips(text, chance)]:
            tried += 1
            if damaged == text:
                sys.exit(f"{name} was not damaged: {what}")
            if verdict(damaged) is None:
                sys.exit(f"{name} was taken although it is damaged: {what}")
    print(f"{tried} damaged exports were refused")


main()
