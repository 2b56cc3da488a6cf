"""Cloudflare, API v4, as far as DNS goes: zones, records, the token check."""
