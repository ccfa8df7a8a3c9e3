"""What the city promised, by when, and what became of it."""
