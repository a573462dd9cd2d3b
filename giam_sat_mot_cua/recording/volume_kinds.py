"""What kinds of Storage Volume there are: folders that recorders write to, and archives that take older
footage."""

import frappe

LOCAL_FOLDER, S3_ARCHIVE = "Local Folder", "S3 Archive"
IS_LOCAL = ("!=", S3_ARCHIVE)  # a filter on `kind`

known: dict[tuple[str, str], bool] = {}


def is_archive(volume: str) -> bool:
	"""Whether the volume of this name is an archive. Asked for each row of the index that is written, so a
	process remembers: a volume's kind and name never change."""
	key = (frappe.local.site, volume)
	if key not in known:
		kind = frappe.db.get_value("Storage Volume", volume, "kind")
		if kind is None:
			return False  # gone, or not stored yet
		known[key] = kind == S3_ARCHIVE
	return known[key]
