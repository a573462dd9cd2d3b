"""Import of units and cameras from an Excel file: see README.md."""
