"""Questions asked to many, answered once by each, reported without names."""
