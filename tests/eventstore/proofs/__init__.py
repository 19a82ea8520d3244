"""Proofs that a log is whole."""
