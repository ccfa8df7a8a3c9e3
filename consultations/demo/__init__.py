"""The demonstration: consultations, residents and debates that do not exist, written so that every page looks alive.

The words are in `content/`, in TOML; `texts` reads them, `casting` gives each a person and a date, `pictures` and `papers` draw
what is shown, `people`, `stage` and `acts` write the rows.
"""
