"""Letters to customers and from them."""
