"""Attachments: seen and changed by who sees and changes the record they hang on, and never a way to other
files of the server."""

from urllib.parse import unquote

from giam_sat_mot_cua.access import records


def has_file_permission(doc, ptype: str | None = None, user: str | None = None) -> bool:
	"""Frappe's own rules for File apply as well; this only narrows."""
	if leaves_its_folder(doc.get("file_url")):
		return False
	right = "read" if ptype in (None, "read", "select", "print", "email", "report", "export") else "write"
	return records.sees(doc.get("attached_to_doctype"), doc.get("attached_to_name"), right, user)


def leaves_its_folder(url: str | None) -> bool:
	"""Whether an address climbs out of the folder of files, written plainly or encoded."""
	text = url or ""
	for _time in range(3):
		if ".." in text.replace("\\", "/").split("/") or "\0" in text:
			return True
		text = unquote(text)
	return False
