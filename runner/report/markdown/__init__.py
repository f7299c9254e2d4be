"""Renders reports as Markdown pages and fills marked places of pages."""
