"""What is sent, to whom, and proof that it was."""
