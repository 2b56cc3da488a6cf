"""The shape of the YAML: what a stack file and a system file may say, and how errors read."""

from config.errors import ConfigError
from config.load import Settings, load

__all__ = ["ConfigError", "Settings", "load"]
