"""Processes: what is known leads to further commands; deciders have the last word."""
