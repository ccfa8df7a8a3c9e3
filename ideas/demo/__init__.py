"""The idea box of the demonstration: a permanent box and a campaign that is over, whose ideas stand at every stage.

The words are in `content/`; `seeding` gives each a person, a day and its supports, and writes the rows.
"""
