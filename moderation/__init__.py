"""One queue for everything residents write: reports, reasoned decisions, appeals, blocks."""
