"""What Frappe calls, and when. Live keys only."""

app_name = "giam_sat_mot_cua"
app_title = "Giám sát Một cửa"
app_publisher = "Văn phòng UBND tỉnh Ninh Bình"
app_description = "Camera monitoring of the province's one-stop public-service counters"
app_email = "giamsat@example.invalid"
app_license = "MIT"
required_apps = []

# Install and migrate: seeds are written when missing, never over an administrator's work.
after_install = "giam_sat_mot_cua.setup.install.after_install"
after_migrate = ["giam_sat_mot_cua.setup.install.after_migrate"]
before_tests = "giam_sat_mot_cua.setup.install.before_tests"

# Desk
app_logo_url = "/assets/giam_sat_mot_cua/images/logo.svg"
website_context = {"favicon": app_logo_url, "splash_image": app_logo_url}
app_include_css = ["gsmc.bundle.css"]
app_include_js = ["gsmc_desk.bundle.js"]
extend_bootinfo = "giam_sat_mot_cua.api.boot.extend"

# Who sees what: one definition, access/scope.py
permission_query_conditions = {
	"File": "giam_sat_mot_cua.access.hooks.file_conditions",
	"Account Login": "giam_sat_mot_cua.access.hooks.account_login_conditions",
	"Account Review Entry": "giam_sat_mot_cua.access.hooks.account_review_entry_conditions",
	"Approval Delegation": "giam_sat_mot_cua.access.hooks.approval_delegation_conditions",
	"Camera": "giam_sat_mot_cua.access.hooks.camera_conditions",
	"Monitored Unit": "giam_sat_mot_cua.access.hooks.monitored_unit_conditions",
	"Monitoring Account": "giam_sat_mot_cua.access.hooks.monitoring_account_conditions",
	"Recording Gap": "giam_sat_mot_cua.access.hooks.recording_gap_conditions",
	"Recording Hour": "giam_sat_mot_cua.access.hooks.recording_hour_conditions",
	"Shared Login Report": "giam_sat_mot_cua.access.hooks.shared_login_report_conditions",
}
has_permission = {
	"File": "giam_sat_mot_cua.access.files.has_file_permission",
	"Account Login": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Account Review Entry": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Approval Delegation": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Camera": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Monitored Unit": "giam_sat_mot_cua.access.hooks.has_monitored_unit_permission",
	"Monitoring Account": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Recording Gap": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Recording Hour": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Shared Login Report": "giam_sat_mot_cua.access.hooks.has_unit_permission",
}

# Methods of Frappe that do not ask who sees what
override_whitelisted_methods = {
	"frappe.client.get_count": "giam_sat_mot_cua.access.frappe_methods.get_count",
	"frappe.client.validate_link": "giam_sat_mot_cua.access.frappe_methods.validate_link",
	"frappe.core.api.file.get_attached_images": "giam_sat_mot_cua.access.frappe_methods.get_attached_images",
	"frappe.core.doctype.user_permission.user_permission.get_user_permissions": (
		"giam_sat_mot_cua.access.frappe_methods.get_user_permissions"
	),
	"frappe.desk.doctype.tag.tag.add_tag": "giam_sat_mot_cua.access.frappe_methods.add_tag",
	"frappe.desk.doctype.tag.tag.add_tags": "giam_sat_mot_cua.access.frappe_methods.add_tags",
	"frappe.desk.doctype.tag.tag.remove_tag": "giam_sat_mot_cua.access.frappe_methods.remove_tag",
	"frappe.desk.form.linked_with.get": "giam_sat_mot_cua.access.frappe_methods.linked_documents",
	"frappe.desk.like.toggle_like": "giam_sat_mot_cua.access.frappe_methods.toggle_like",
	"frappe.desk.query_report.get_data_for_custom_field": (
		"giam_sat_mot_cua.access.frappe_methods.get_data_for_custom_field"
	),
	"frappe.desk.search.get_link_title": "giam_sat_mot_cua.access.frappe_methods.get_link_title",
	"frappe.desk.search.search_link": "giam_sat_mot_cua.access.frappe_methods.search_link",
	"frappe.desk.search.search_widget": "giam_sat_mot_cua.access.frappe_methods.search_widget",
	"frappe.workflow.doctype.workflow.workflow.get_workflow_state_count": (
		"giam_sat_mot_cua.access.frappe_methods.get_workflow_state_count"
	),
}

# What records may hold, what their history tells, and who a person cannot be at once
doc_events = {
	"*": {"validate": "giam_sat_mot_cua.access.content.refuse_markup"},
	"Activity Log": {"after_insert": "giam_sat_mot_cua.organization.sessions.record_failure"},
	"Reminder": {"validate": "giam_sat_mot_cua.access.records.require_reminded"},
	"User": {"validate": "giam_sat_mot_cua.access.people.keep_to_the_account"},
	"Workflow": {
		"on_update": (
			"giam_sat_mot_cua.organization.doctype.monitoring_account.account_states.keep_documents_in_step"
		)
	},
	"Version": {"before_insert": "giam_sat_mot_cua.access.content.hide_guarded_values"},
}

# Logins and sessions
on_login = "giam_sat_mot_cua.organization.sessions.note_login"
on_session_creation = "giam_sat_mot_cua.organization.sessions.record_login"
on_logout = "giam_sat_mot_cua.organization.sessions.record_logout"
auth_hooks = ["giam_sat_mot_cua.organization.sessions.refuse_disabled"]

before_request = [
	# a person who has not logged in yet reads the site's language, whatever the browser was installed in
	"giam_sat_mot_cua.api.guest_language.use_site_language",
	"giam_sat_mot_cua.access.frappe_methods.refuse_other_names",
]

# Video bytes: signed addresses, served here on a development server and by nginx in production
page_renderer = ["giam_sat_mot_cua.api.media_files.MediaFileRenderer"]

# The minute tick
scheduler_events = {
	"cron": {
		"* * * * *": [
			"giam_sat_mot_cua.workers.tick.keep_recorders_running",
			"giam_sat_mot_cua.organization.superiors.apply_due_moves",
			"giam_sat_mot_cua.organization.register.job.tidy_up",
			"giam_sat_mot_cua.organization.doctype.approval_delegation.approval_delegation.refresh_statuses",
		],
		"*/5 * * * *": ["giam_sat_mot_cua.workers.tick.check_volumes"],
		"30 6 * * *": ["giam_sat_mot_cua.organization.account_reviews.daily"],
	},
}
