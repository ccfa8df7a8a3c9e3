"""What `make bench` runs: how fast the pages are, as ratios to a bare page of the same server, side by side."""
