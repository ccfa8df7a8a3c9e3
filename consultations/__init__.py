"""The city asks, residents answer, the city says what became of each answer."""
