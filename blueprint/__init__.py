"""The plain data between configuration and resources: parts, how they are drawn, checks."""
