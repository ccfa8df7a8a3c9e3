"""People who take part without the web, and the rule that everybody counts once."""
