"""Giám sát Một cửa: camera monitoring of a province's one-stop public-service counters, as a Frappe app."""

__version__ = "0.1.0"
