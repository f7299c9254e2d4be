"""Generates the schemas and the operation table from the API's description files."""
