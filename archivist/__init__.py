"""Scans of Chinese government paper in; readable text, a catalogue with evidence, campaigns and search out."""

__version__ = "0.1.0"
