"""Loading an ERP's export: rows become commands, commands become events, and nothing twice."""
