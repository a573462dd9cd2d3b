"""A request over the counters of several units becomes one request for each, linked to the first: for each
of them another leader decides (Article 9.2)."""

import frappe
from frappe.model.document import Document

from giam_sat_mot_cua.access.states import state_of
from giam_sat_mot_cua.evidence.doctype.extraction_request.request_states import SUBMITTED

ROW = ("camera", "from_time", "to_time")


def take_out(request: Document, unit_of: dict[str, str], units: list[str]) -> list[list[dict]]:
	"""Takes the rows of `units` out of `request`; the rows of each unit. `unit_of`: of its cameras."""
	taken = [
		[{field: row.get(field) for field in ROW} for row in request.ranges if unit_of[row.camera] == unit]
		for unit in units
	]
	request.set("ranges", [row for row in request.ranges if unit_of[row.camera] not in units])
	return taken


def insert_part(request: Document, rows: list[dict]) -> Document:
	"""The request for the unit of `rows`, submitted, with the same application."""
	part = frappe.copy_doc(request, ignore_no_copy=False)
	part.update({"ranges": rows, "steps": [], "split_from": request.name})
	part.update({field: request.get(field) for field in ("requester", "requester_unit", "application")})
	part.flags.by_split = True
	part.application_document = None  # Frappe would hang its address on the part by a public file
	part.insert(ignore_permissions=True)  # who may submit the whole may submit its parts
	copy_files(request, part)
	part.application_document = request.application_document
	part.workflow_state = state_of(request.doctype, SUBMITTED)
	part.save(ignore_permissions=True)  # the same
	frappe.db.set_value(request.doctype, part.name, "owner", request.owner, update_modified=False)
	return part


def copy_files(request: Document, part: Document) -> None:
	"""Files are readable with the record that they hang on: those of the application hang on each part."""
	for name in frappe.get_all(
		"File", {"attached_to_doctype": request.doctype, "attached_to_name": request.name}, pluck="name"
	):
		file = frappe.copy_doc(frappe.get_doc("File", name))
		file.attached_to_name = part.name
		file.insert(ignore_permissions=True)  # with its part
