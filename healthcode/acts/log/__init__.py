"""The public log: every act is a leaf of it, and anybody can read and check it (docs/log.md).

`entries` appends leaves in the transaction of the act, `sequencer` numbers them and signs
checkpoints with the keys of `keys`, `tree` reads tiles and proofs, and `audit` compares acts with
their leaves. The formats themselves are in `healthcode.core.log`.
"""
