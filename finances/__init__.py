"""The city’s money made readable, and the commission open to residents."""
