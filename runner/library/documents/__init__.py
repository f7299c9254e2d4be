"""Fills the marked places of pages: their marks, the runs that they name, the texts."""
