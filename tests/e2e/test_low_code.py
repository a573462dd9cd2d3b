"""What an administrator changed without code is still there after `bench migrate`, and works."""

import frappe
import pytest

from giam_sat_mot_cua.evidence.minutes import FORMAT
from giam_sat_mot_cua.organization.account_reviews import state_for
from giam_sat_mot_cua.setup import factories

pytestmark = pytest.mark.quiet

NEW_TEXT = "Đã cấp tài khoản"
LINE = "<p>Điện thoại trực: 0229 3 000 000</p>"
LABEL = "Số quyết định lắp đặt"  # Frappe makes the field's name of it, accents and all


@pytest.fixture
def changed(stack, fresh_db):
	"""An account granted before, and everything put back afterwards."""
	workflow = frappe.get_doc("Workflow", {"document_type": "Monitoring Account"})
	before = workflow.as_dict()
	level = frappe.get_doc("Unit Level", "COMMUNE").as_dict()
	account = factories.account(stack.logins["Unit Operator"]["user"])
	layout = frappe.db.get_value("Print Format", FORMAT, "html")
	yield account
	fresh_db()
	frappe.db.set_value("Print Format", FORMAT, "html", layout)
	workflow.reload()
	workflow.set("states", before.states)
	workflow.set("transitions", before.transitions)
	workflow.save()
	doc = frappe.get_doc("Unit Level", "COMMUNE")
	doc.set("quotas", level.quotas)
	doc.save()
	for name in frappe.get_all("Custom Field", {"dt": "Camera", "label": LABEL}, pluck="name"):
		frappe.delete_doc("Custom Field", name)
	frappe.db.delete("Property Setter", {"doc_type": "Camera", "property": "label"})
	frappe.db.commit()
	frappe.clear_cache()


def test_changes_without_code_survive_a_migration(stack, session, fresh_db, changed):
	technical = session("Administrator")
	api = stack.url + "/api/resource/"
	# Customize Form: a field more, and another label for one
	form = technical.post(
		stack.url + "/api/method/run_doc_method",
		json={
			"method": "fetch_to_customize",
			"docs": frappe.as_json(
				{"doctype": "Customize Form", "doc_type": "Camera", "name": "Customize Form", "__islocal": 1}
			),
		},
		timeout=60,
	)
	assert form.status_code == 200, form.text[:500]
	doc = form.json()["docs"][0]
	doc["fields"].append(
		{
			"doctype": "Customize Form Field",
			"fieldtype": "Data",
			"label": LABEL,
			"is_custom_field": 1,
			"__islocal": 1,
			"parent": "Customize Form",
			"parentfield": "fields",
			"parenttype": "Customize Form",
			"idx": len(doc["fields"]) + 1,
		}
	)
	next(field for field in doc["fields"] if field["fieldname"] == "supplier")["label"] = "Đơn vị cung ứng"
	saved = technical.post(
		stack.url + "/api/method/run_doc_method",
		json={"method": "save_customization", "docs": frappe.as_json(doc)},
		timeout=120,
	)
	assert saved.status_code == 200, saved.text[:500]
	# a quota
	level = technical.get(api + "Unit Level/COMMUNE", timeout=30).json()["data"]
	for row in level["quotas"]:
		row["quota"] = 3 if row["position"] == "OPERATOR" else row["quota"]
	assert (
		technical.put(api + "Unit Level/COMMUNE", json={"quotas": level["quotas"]}, timeout=60).status_code
		== 200
	)
	# a state's text and a transition's role
	made = technical.post(
		api + "Workflow State", json={"workflow_state_name": NEW_TEXT, "style": "Success"}, timeout=30
	)
	assert made.status_code in (200, 409), made.text[:300]
	old = state_for("Granted")
	workflow = technical.get(api + "Workflow/Monitoring Account", timeout=30).json()["data"]
	for row in workflow["states"]:
		row["state"] = NEW_TEXT if row["state"] == old else row["state"]
	for row in workflow["transitions"]:
		for field in ("state", "next_state"):
			row[field] = NEW_TEXT if row[field] == old else row[field]
		if row["action"] == "Suspend":
			row["allowed"] = "Managing Unit Leader"
	put = technical.put(
		api + "Workflow/Monitoring Account",
		json={"states": workflow["states"], "transitions": workflow["transitions"]},
		timeout=60,
	)
	assert put.status_code == 200, put.text[:500]
	# the layout of minutes
	layout = technical.get(api + f"Print Format/{FORMAT}", timeout=30).json()["data"]["html"]
	put = technical.put(api + f"Print Format/{FORMAT}", json={"html": layout + LINE}, timeout=60)
	assert put.status_code == 200, put.text[:500]

	migrated = stack.bench("migrate", "--skip-search-index")
	assert migrated.returncode == 0, migrated.stdout[-2000:] + migrated.stderr[-2000:]

	fresh_db()
	frappe.clear_cache()
	meta = frappe.get_meta("Camera")
	field = next(df for df in meta.fields if df.label == LABEL).fieldname
	assert meta.get_field("supplier").label == "Đơn vị cung ứng"
	quota = frappe.db.get_value("Unit Level Quota", {"parent": "COMMUNE", "position": "OPERATOR"}, "quota")
	assert quota == 3
	assert state_for("Granted") == NEW_TEXT
	assert frappe.db.get_value("Print Format", FORMAT, "html") == layout + LINE
	# and it works: accounts carry the new text, the new role is asked for, the new field holds a value
	account = session("Unit Leader").get(f"{api}Monitoring Account/{changed}", timeout=30).json()["data"]
	assert (account["workflow_state"], account["status"]) == (NEW_TEXT, "Granted")
	suspend = {"workflow_state": state_for("Suspended"), "decision_reason": "Thử"}
	refused = session("Monitoring Administrator").put(
		f"{api}Monitoring Account/{changed}", json=suspend, timeout=60
	)
	assert refused.status_code == 417, refused.text[:300]
	camera = technical.put(f"{api}Camera/NB-HL-NM-01", json={field: "12/QĐ"}, timeout=60)
	assert camera.status_code == 200 and camera.json()["data"][field] == "12/QĐ"
