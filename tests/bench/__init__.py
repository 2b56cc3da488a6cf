"""`make bench`: every figure of docs/performance.md, in one run, as medians and ratios."""
