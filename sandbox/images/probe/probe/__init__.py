"""A stand-in for an application's API that really uses the services it was given."""
