"""The Pulumi engine, plugins and language host, for where the official ones cannot be had."""
