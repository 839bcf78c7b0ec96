"""Scans as pictures: open them, clean them for the reader, find their ruled forms."""
