"""The app as Frappe sees it: hooks that exist, patches that import, seeds that overwrite nobody's work."""

import frappe
import pytest
from frappe.custom.doctype.property_setter.property_setter import make_property_setter
from frappe.model.base_document import get_controller

from giam_sat_mot_cua import hooks
from giam_sat_mot_cua.access import records, roles
from giam_sat_mot_cua.patches.v0_5 import withdraw_after_approval
from giam_sat_mot_cua.setup import factories, install


@pytest.fixture(autouse=True)
def undo():
	yield
	frappe.db.rollback()
	frappe.clear_cache()


def dotted_paths(value) -> list[str]:
	if isinstance(value, dict):
		return [path for item in value.values() for path in dotted_paths(item)]
	if isinstance(value, list | tuple):
		return [path for item in value for path in dotted_paths(item)]
	return [value] if isinstance(value, str) and value.startswith("giam_sat_mot_cua.") else []


def test_every_hook_leads_somewhere():
	found = [
		path for name in vars(hooks) if not name.startswith("_") for path in dotted_paths(vars(hooks)[name])
	]
	assert len(found) > 8
	for path in found:
		assert callable(frappe.get_attr(path)), path


def test_every_patch_imports():
	for line in frappe.get_file_items(frappe.get_app_path("giam_sat_mot_cua", "patches.txt")):
		if not line.startswith("["):
			frappe.get_attr(line.split()[0] + ".execute")


def test_site_is_set_up_for_vietnam():
	settings = frappe.get_doc("System Settings")
	assert (settings.language, settings.time_zone) == ("vi", "Asia/Ho_Chi_Minh")
	assert settings.setup_complete and settings.disable_document_sharing
	assert frappe.db.get_value("User", "Administrator", "time_zone") == "Asia/Ho_Chi_Minh"
	assert settings.enable_password_policy and int(settings.minimum_password_score) >= 3
	assert set(roles.ALL_ROLES) <= set(frappe.get_all("Role", pluck="name"))


def test_what_an_admin_changed_survives_migrate():
	level = frappe.get_doc("Unit Level", "COMMUNE")
	level.level_name = "Phường, xã"
	level.quotas[0].quota = 7
	level.save()
	frappe.delete_doc("Position", frappe.get_all("Position", pluck="name")[-1], force=True)
	left = frappe.db.count("Position")
	settings = frappe.get_doc("Monitoring Settings")
	settings.stall_seconds = 17
	settings.save()
	frappe.db.set_value("Storage Volume", "main", "priority", 99)
	install.after_migrate()
	level.reload()
	assert (level.level_name, level.quotas[0].quota) == ("Phường, xã", 7)
	assert frappe.db.count("Position") == left
	assert frappe.db.get_single_value("Monitoring Settings", "stall_seconds") == 17
	assert frappe.db.get_value("Storage Volume", "main", "priority") == 99


def test_keys_lie_in_the_site_configuration_only():
	secrets = (frappe.conf.gsmc_link_secret, frappe.conf.gsmc_metrics_token)
	assert min(map(len, secrets)) > 30
	for (table,) in frappe.db.sql("show tables"):
		for row in frappe.db.sql(f"select * from `{table}`"):
			assert not [secret for secret in secrets if secret in str(row)], table


@pytest.mark.parametrize(
	("field", "value"),
	[
		("file_seconds", 5),
		("lease_seconds", 1000),
		("cameras_per_recorder", 0),
		("still_seconds", 1),
		("alarm_after_seconds", 5),
		("archive_after_hours", 2),  # a playlist of two hours may still name the folder
		("move_mbit_s", -1),
	],
)
def test_settings_that_cannot_work_are_refused(field, value):
	settings = frappe.get_doc("Monitoring Settings")
	settings.set(field, value)
	with pytest.raises(frappe.ValidationError):
		settings.save()


def test_no_field_is_called_like_an_attribute_of_its_controller():
	"""Such a field could not be written (access/attributes.py)."""
	for doctype in records.doctypes():
		controller = get_controller(doctype)
		fields = {field.fieldname for field in frappe.get_meta(doctype).fields} | {"name", "owner", "idx"}
		taken = {field for field in fields if hasattr(controller, field)}
		assert not taken, (doctype, taken)


def test_nothing_that_footage_goes_by_is_renamed_whatever_was_customised():
	unit = factories.unit().name
	camera = factories.camera(unit).name
	make_property_setter("Camera", None, "allow_rename", 1, "Check", for_doctype=True)
	frappe.clear_cache(doctype="Camera")
	with pytest.raises(frappe.PermissionError):
		frappe.rename_doc("Camera", camera, f"{camera}-Z")


def test_requests_of_an_older_site_can_be_withdrawn_after_approval():
	workflow = frappe.get_doc("Workflow", "Extraction Request")
	before = [row.as_dict() for row in workflow.transitions]
	steps = [row for row in before if (row.state, row.next_state) != ("Approved", "Withdrawn")]
	assert len(steps) < len(before)
	workflow.set("transitions", steps)
	workflow.save()
	withdraw_after_approval.execute()
	withdraw_after_approval.execute()
	after = frappe.get_doc("Workflow", "Extraction Request").transitions

	def said(rows: list) -> list[tuple]:
		return sorted(
			(row.state, row.action, row.next_state, row.allowed, row.condition or "") for row in rows
		)

	assert said(after) == said(before)
