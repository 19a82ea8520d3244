"""What runs the product: settings, the database, the clock, and how the parts are put together."""
