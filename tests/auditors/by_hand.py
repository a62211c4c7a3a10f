"""An auditor written from the specifications alone, with Python's standard library: Ed25519 by RFC
8032, signed notes and checkpoints by C2SP, proofs by the recursive definitions of RFC 6962. Its
arguments are files with checkpoints that were kept. It knows nothing of how the ledger is built."""

import base64
import hashlib
import sys

from ledger import asked, check, consistencies, inclusions, text

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def sha256(data):
    return hashlib.sha256(data).digest()


def recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def point(data):
    """A point of the curve, as X:Y:Z:T; None where the bytes are none."""
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    x = recover_x(y, sign) if y < P else None
    return None if x is None else (x, y, 1, x * y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, p):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, p)
        p, scalar = add(p, p), scalar >> 1
    return total


BASE_Y = 4 * pow(5, -1, P) % P
BASE = point(BASE_Y.to_bytes(32, "little"))


def is_signed(key, message, signature):
    if len(signature) != 64 or (of_key := point(key)) is None:
        return False
    of_nonce, scalar = point(signature[:32]), int.from_bytes(signature[32:], "little")
    if of_nonce is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    left = times(scalar, BASE)
    right = add(of_nonce, times(int.from_bytes(digest, "little") % ORDER, of_key))
    same = (left[i] * right[2] % P == right[i] * left[2] % P for i in (0, 1))
    return all(same)


def checkpoint(note, vkey):
    """The origin, size and root of a note that the key has signed."""
    name, key_hash, encoded = vkey.strip().split("+", 2)
    key = base64.b64decode(encoded, validate=True)
    check(key[0] == 1 and len(key) == 33, "the key is not Ed25519's")
    key_id = sha256(name.encode() + b"\n" + key)[:4]
    check(key_id.hex() == key_hash, "the key's hash is not the one it states")
    body, _, signatures = note.rpartition("\n\n")
    body += "\n"
    check(signatures.endswith("\n"), "the note does not end with a newline")
    for line in signatures.splitlines():
        dash, signer, blob = line.split(" ")
        blob = base64.b64decode(blob, validate=True)
        check(dash == "\u2014", "a signature begins with something else than an em dash")
        if (signer, blob[:4]) == (name, key_id):
            check(is_signed(key[1:], body.encode(), blob[4:]), "the signature does not fit")
            changed = body.replace("\n", "\r", 1).encode()
            check(not is_signed(key[1:], changed, blob[4:]), "any text would fit")
            break
    else:
        sys.exit("auditor: no signature of the key")
    origin, size, root = body.splitlines()[:3]
    check(origin == name and size == str(int(size)), "the origin or the size is not written so")
    return origin, int(size), base64.b64decode(root, validate=True)


def split(size):
    return 1 << (size - 1).bit_length() - 1


def root_of_path(index, size, leaf, path):
    """RFC 6962 §2.1.1, backwards: the last hash of the path is the uppermost."""
    if size == 1:
        check(not path, "the path is too long")
        return leaf
    check(path, "the path is too short")
    k = split(size)
    if index < k:
        return sha256(b"\1" + root_of_path(index, k, leaf, path[:-1]) + path[-1])
    return sha256(b"\1" + path[-1] + root_of_path(index - k, size - k, leaf, path[:-1]))


def roots_of_proof(old, new, is_whole, old_root, proof):
    """RFC 6962 §2.1.2, backwards: both roots, of the parts that the proof is about here."""
    if old == new:
        if is_whole:
            check(not proof, "the proof is too long")
            return old_root, old_root
        check(len(proof) == 1, "the proof is too short or too long")
        return proof[0], proof[0]
    check(proof, "the proof is too short")
    k = split(new)
    if old <= k:
        left_old, left_new = roots_of_proof(old, k, is_whole, old_root, proof[:-1])
        return left_old, sha256(b"\1" + left_new + proof[-1])
    right_old, right_new = roots_of_proof(old - k, new - k, False, old_root, proof[:-1])
    return sha256(b"\1" + proof[-1] + right_old), sha256(b"\1" + proof[-1] + right_new)


def main():
    vkey = text("/v1/audit/checkpoint/key")
    origin, last, root = checkpoint(text("/v1/audit/checkpoint"), vkey)
    roots, proofs = {last: root}, 0
    for size, index, leaf, stated, path in inclusions(last):
        check(roots.setdefault(size, stated) == stated, f"two roots of {size} events")
        check(root_of_path(index, size, leaf, path) == stated, f"leaf {index} of {size}")
        proofs += 1
    for old, new, old_root, new_root, proof in consistencies(last):
        check(roots.setdefault(new, new_root) == new_root, f"two roots of {new} events")
        check(roots.setdefault(old, old_root) == old_root, f"two roots of {old} events")
        both = roots_of_proof(old, new, True, old_root, proof)
        check(both == (old_root, new_root), f"from {old} to {new}")
        proofs += 1
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8", newline="") as file:
            kept = checkpoint(file.read(), vkey)
        proof = asked(f"/v1/audit/consistency?from={kept[1]}&to={last}")
        hashes = [base64.b64decode(encoded) for encoded in proof["hashes"]]
        both = roots_of_proof(kept[1], last, True, kept[2], hashes)
        check(kept[0] == origin and both == (kept[2], root), f"{path} is of another log")
    print(f"by hand: {proofs} proofs of {last} events; checkpoints: {len(sys.argv)}")


main()
