"""Proofs that a log is whole: a Merkle tree over its events, and signed checkpoints of it."""
