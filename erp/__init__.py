"""Readers of ERP sources: folders of CSV files, and foreign exports through a mapping."""
