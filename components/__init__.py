"""ComponentResources: each takes one part of the blueprint and makes its resources."""
