"""What the product does with the domain: commands become events, exports become commands."""
