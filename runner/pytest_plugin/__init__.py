"""Makes scenarios test items of pytest, and offers engines to tests as fixtures."""
