"""The Python package tlog-scales as an auditor: its checkpoints, keys and proofs against what a
running ledger answers. It knows nothing of how the ledger is built."""

from importlib.metadata import version

from ledger import check, consistencies, inclusions, text
from tlog_scales.signing import Vkey
from tlog_scales.tlog import (
    Checkpoint,
    ConsistencyProof,
    ConsistencyProofInvalid,
    InclusionProof,
    InclusionProofInvalid,
)


def refuses(proof, error, *hashes):
    try:
        proof.check(*hashes)
    except error:
        return True
    return False


def main():
    head = Checkpoint.from_text(text("/v1/audit/checkpoint"))
    head.verify(Vkey.from_string(text("/v1/audit/checkpoint/key").strip()))
    last, proofs = head.size, 0
    for size, index, leaf, root, path in inclusions(last):
        check(size != last or root == head.root_hash, "another root than the checkpoint's")
        proof = InclusionProof(index, size, path)
        proof.check(leaf, root)
        check(size == 1 or refuses(proof, InclusionProofInvalid, root, leaf), "it takes anything")
        proofs += 1
    for old, new, old_root, new_root, path in consistencies(last):
        proof = ConsistencyProof(old, new, path)
        proof.check(old_root, new_root)
        wrong = refuses(proof, ConsistencyProofInvalid, new_root, old_root)
        check(old == new or wrong, "it takes anything")
        proofs += 1
    print(f"tlog-scales {version('tlog-scales')}: {proofs} proofs of {last} events")


main()
