"""Measurements: what the product does a second, beside what PostgreSQL itself does for that job."""
