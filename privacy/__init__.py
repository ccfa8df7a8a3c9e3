"""What the law owes people about their data: cases with a clock, retention, breaches, who looked."""
