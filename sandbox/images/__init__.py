"""The local cloud's images: one folder an image, each with its recipe.yaml."""
