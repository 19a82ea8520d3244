"""Numbered SQL files that build the schema, run by `runtime/migrations.py`."""
