"""What people, programs and jobs read: read models, each a row, a fold and its queries."""
