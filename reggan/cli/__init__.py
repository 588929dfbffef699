"""The command line, `python -m reggan`."""
