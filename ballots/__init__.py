"""Secret votes: who voted in one table, what was voted in another."""
