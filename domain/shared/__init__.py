"""What every aggregate shares: deciders, currencies, names of streams."""
