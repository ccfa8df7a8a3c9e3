"""The decision report: counted from the tables, worded, published, printed."""
