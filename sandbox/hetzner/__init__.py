"""Hetzner Cloud, API v1: a module a resource, each with its state, its rules and its routes."""
