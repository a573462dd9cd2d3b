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

# Print formats: what minutes say. Of a whole module, Frappe would offer whatever that imports, too
jinja = {"methods": ["giam_sat_mot_cua.evidence.minutes.handover_minutes"]}

# Who sees what: one definition, access/scope.py
permission_query_conditions = {
	"File": "giam_sat_mot_cua.access.hooks.file_conditions",
	"Account Login": "giam_sat_mot_cua.access.hooks.account_login_conditions",
	"Account Review Entry": "giam_sat_mot_cua.access.hooks.account_review_entry_conditions",
	"Approval Delegation": "giam_sat_mot_cua.access.hooks.approval_delegation_conditions",
	"Camera": "giam_sat_mot_cua.access.hooks.camera_conditions",
	"Extraction Request": "giam_sat_mot_cua.evidence.request_access.conditions",
	"Evidence Package": "giam_sat_mot_cua.evidence.request_access.package_conditions",
	"Footage Access Log": "giam_sat_mot_cua.access.hooks.footage_access_log_conditions",
	"Footage Application": "giam_sat_mot_cua.evidence.application_access.conditions",
	"Health Event": "giam_sat_mot_cua.access.hooks.health_event_conditions",
	"Maintenance Order": "giam_sat_mot_cua.access.hooks.maintenance_order_conditions",
	"Monitored Unit": "giam_sat_mot_cua.access.hooks.monitored_unit_conditions",
	"Monitoring Account": "giam_sat_mot_cua.access.hooks.monitoring_account_conditions",
	"Recording Gap": "giam_sat_mot_cua.access.hooks.recording_gap_conditions",
	"Recording Hour": "giam_sat_mot_cua.access.hooks.recording_hour_conditions",
	"Shared Login Report": "giam_sat_mot_cua.access.hooks.shared_login_report_conditions",
	# what points to a record, and who is told of whom
	"Activity Log": "giam_sat_mot_cua.access.references.activity_log_conditions",
	"Comment": "giam_sat_mot_cua.access.references.comment_conditions",
	"Communication": "giam_sat_mot_cua.access.references.communication_conditions",
	"Document Follow": "giam_sat_mot_cua.access.references.document_follow_conditions",
	"Notification Log": "giam_sat_mot_cua.access.references.notification_log_conditions",
	"Tag Link": "giam_sat_mot_cua.access.references.tag_link_conditions",
	"ToDo": "giam_sat_mot_cua.access.references.todo_conditions",
	"Version": "giam_sat_mot_cua.access.references.version_conditions",
	"Workflow Action": "giam_sat_mot_cua.access.references.workflow_action_conditions",
	"Contact": "giam_sat_mot_cua.access.directory.contact_conditions",
	"Energy Point Log": "giam_sat_mot_cua.access.directory.energy_point_conditions",
	"List Filter": "giam_sat_mot_cua.access.directory.list_filter_conditions",
	"User": "giam_sat_mot_cua.access.directory.user_conditions",
	"User Group": "giam_sat_mot_cua.access.directory.user_group_conditions",
}
has_permission = {
	"File": "giam_sat_mot_cua.access.files.has_file_permission",
	"Account Login": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Account Review Entry": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Approval Delegation": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Camera": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Extraction Request": "giam_sat_mot_cua.evidence.request_access.has_permission",
	"Evidence Package": "giam_sat_mot_cua.evidence.request_access.has_package_permission",
	"Footage Access Log": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Footage Application": "giam_sat_mot_cua.evidence.application_access.has_permission",
	"Health Event": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Maintenance Order": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Monitored Unit": "giam_sat_mot_cua.access.hooks.has_monitored_unit_permission",
	"Monitoring Account": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Recording Gap": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Recording Hour": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Shared Login Report": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	# what points to a record, and who is told of whom
	"Activity Log": "giam_sat_mot_cua.access.references.has_reference_permission",
	"Comment": "giam_sat_mot_cua.access.references.has_reference_permission",
	"Communication": "giam_sat_mot_cua.access.references.has_reference_permission",
	"Document Follow": "giam_sat_mot_cua.access.references.has_reference_permission",
	"Notification Log": "giam_sat_mot_cua.access.references.has_reference_permission",
	"Tag Link": "giam_sat_mot_cua.access.references.has_reference_permission",
	"ToDo": "giam_sat_mot_cua.access.references.has_reference_permission",
	"Version": "giam_sat_mot_cua.access.references.has_reference_permission",
	"Workflow Action": "giam_sat_mot_cua.access.references.has_reference_permission",
	"Dashboard Settings": "giam_sat_mot_cua.access.directory.has_own_permission",
	"Energy Point Log": "giam_sat_mot_cua.access.directory.has_own_permission",
	"List Filter": "giam_sat_mot_cua.access.directory.has_own_permission",
	"Notification Settings": "giam_sat_mot_cua.access.directory.has_own_permission",
	"User": "giam_sat_mot_cua.access.directory.has_user_permission",
	"User Group": "giam_sat_mot_cua.access.directory.has_group_permission",
}

# Methods of Frappe that do not ask who sees what
override_whitelisted_methods = {
	"frappe.core.doctype.user.user.reset_password": "giam_sat_mot_cua.organization.sessions.reset_password",
	"frappe.core.doctype.user.user.update_password": "giam_sat_mot_cua.organization.sessions.update_password",
	"frappe.client.get_count": "giam_sat_mot_cua.access.frappe_methods.get_count",
	"frappe.client.get_password": "giam_sat_mot_cua.access.frappe_methods.get_password",
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
	"frappe.core.doctype.user.user.get_roles": "giam_sat_mot_cua.access.directory.get_roles",
	"frappe.desk.doctype.dashboard_chart.dashboard_chart.get": (
		"giam_sat_mot_cua.access.desk_methods.get_chart"
	),
	"frappe.desk.doctype.event.event.get_events": "giam_sat_mot_cua.access.directory.get_events",
	"frappe.desk.doctype.tag.tag.get_tagged_docs": "giam_sat_mot_cua.access.desk_methods.get_tagged_docs",
	"frappe.desk.form.assign_to.add": "giam_sat_mot_cua.access.desk_methods.add_assignment",
	"frappe.desk.form.assign_to.add_multiple": "giam_sat_mot_cua.access.desk_methods.add_assignments",
	"frappe.desk.form.assign_to.remove": "giam_sat_mot_cua.access.desk_methods.remove_assignment",
	"frappe.desk.form.document_follow.get_follow_users": (
		"giam_sat_mot_cua.access.desk_methods.get_follow_users"
	),
	"frappe.desk.form.load.get_user_info_for_viewers": (
		"giam_sat_mot_cua.access.directory.get_user_info_for_viewers"
	),
	"frappe.desk.form.utils.get_next": "giam_sat_mot_cua.access.desk_methods.get_next",
	"frappe.desk.listview.get_group_by_count": "giam_sat_mot_cua.access.desk_methods.get_group_by_count",
	"frappe.desk.search.get_names_for_mentions": "giam_sat_mot_cua.access.directory.get_names_for_mentions",
	"frappe.geo.utils.get_coords": "giam_sat_mot_cua.access.desk_methods.get_coords",
	"frappe.utils.file_manager.add_attachments": "giam_sat_mot_cua.access.desk_methods.add_attachments",
	"frappe.utils.global_search.search": "giam_sat_mot_cua.access.desk_methods.search",
}

override_doctype_class = {
	# A fault is written down with the values that the program had at hand, without the secrets among them
	"Error Log": "giam_sat_mot_cua.access.error_log.MaskedErrorLog",
	# Files of applications stay, on the disk too
	"File": "giam_sat_mot_cua.evidence.application_files.KeptFile",
}

# What records may hold, what their history tells, and who a person cannot be at once
doc_events = {
	"*": {
		"validate": [
			"giam_sat_mot_cua.access.content.refuse_markup",
			"giam_sat_mot_cua.access.content.refuse_formula",
			"giam_sat_mot_cua.access.content.refuse_odd_letters",
			"giam_sat_mot_cua.access.files.require_readable_files",
			"giam_sat_mot_cua.access.records.refuse_rows_alone",
			"giam_sat_mot_cua.access.records.refuse_rows_of_others",
		],
		"before_rename": "giam_sat_mot_cua.access.records.refuse_rename",
		"on_trash": "giam_sat_mot_cua.access.records.refuse_rows_alone",
	},
	(
		"Administrative Profile",
		"Maintenance Order",
		"Monitored Unit",
		"Monitoring Settings",
		"Position",
		"Unit Level",
	): {
		"validate": "giam_sat_mot_cua.access.records.require_managing_unit",
		"on_trash": "giam_sat_mot_cua.access.records.require_managing_unit",
	},
	"Activity Log": {"after_insert": "giam_sat_mot_cua.organization.sessions.record_failure"},
	"Comment": {"validate": "giam_sat_mot_cua.access.references.require_seen"},
	"Communication": {"validate": "giam_sat_mot_cua.access.references.require_seen"},
	"Dashboard Chart": {"validate": "giam_sat_mot_cua.access.queries.check_stored_query"},
	"DocShare": {"validate": "giam_sat_mot_cua.access.references.refuse_share"},
	"Document Follow": {"validate": "giam_sat_mot_cua.access.references.require_seen"},
	"File": {"validate": "giam_sat_mot_cua.access.files.keep_private"},
	"Number Card": {"validate": "giam_sat_mot_cua.access.queries.check_stored_query"},
	"Reminder": {"validate": "giam_sat_mot_cua.access.records.require_reminded"},
	"Tag Link": {"validate": "giam_sat_mot_cua.access.references.require_seen"},
	"ToDo": {"validate": "giam_sat_mot_cua.access.references.require_seen"},
	"User": {"validate": "giam_sat_mot_cua.access.people.keep_to_the_account"},
	"Version": {"before_insert": "giam_sat_mot_cua.access.content.hide_guarded_values"},
	"Workflow": {"on_update": "giam_sat_mot_cua.access.states.keep_documents_in_step"},
}

# Logins and sessions
on_login = "giam_sat_mot_cua.organization.sessions.note_login"
on_session_creation = "giam_sat_mot_cua.organization.sessions.record_login"
on_logout = "giam_sat_mot_cua.organization.sessions.record_logout"
before_request = [
	# whatever fails from here on, the log of it holds no secret that was sent
	"giam_sat_mot_cua.access.request_secrets.hide",
	# a person who has not logged in yet reads the site's language, whatever the browser was installed in
	"giam_sat_mot_cua.api.guest_language.use_site_language",
	"giam_sat_mot_cua.access.frappe_methods.refuse_other_names",
	# the metrics have a token of their own, which Frappe would take for one of OAuth
	"giam_sat_mot_cua.api.metrics.take_token",
]

# Frappe knows by now who asks, by session or by key: whether his login still holds, and what he asks for
auth_hooks = [
	"giam_sat_mot_cua.organization.sessions.refuse_disabled",
	"giam_sat_mot_cua.access.queries.guard_request",
]

# Video bytes: signed addresses, served here on a development server and by nginx in production
page_renderer = ["giam_sat_mot_cua.api.media_files.MediaFileRenderer"]

# The minute tick
scheduler_events = {
	"cron": {
		"* * * * *": [
			"giam_sat_mot_cua.workers.tick.keep_recorders_running",
			"giam_sat_mot_cua.workers.tick.make_room",
			"giam_sat_mot_cua.workers.tick.follow_maintenance",
			"giam_sat_mot_cua.workers.tick.raise_alarms",
			"giam_sat_mot_cua.workers.tick.make_packages",
			"giam_sat_mot_cua.organization.superiors.apply_due_moves",
			"giam_sat_mot_cua.organization.register.job.tidy_up",
			"giam_sat_mot_cua.organization.doctype.approval_delegation.approval_delegation.refresh_statuses",
		],
		"*/5 * * * *": [
			"giam_sat_mot_cua.workers.tick.check_volumes",
			"giam_sat_mot_cua.workers.backups.keep_up",
		],
		"7 * * * *": ["giam_sat_mot_cua.workers.tick.apply_retention"],
		"17 * * * *": ["giam_sat_mot_cua.evidence.reminders.remind"],
		"37 * * * *": ["giam_sat_mot_cua.workers.tick.move_footage"],
		"40 2 * * *": ["giam_sat_mot_cua.workers.tick.audit_footage"],
		"30 6 * * *": [
			"giam_sat_mot_cua.organization.account_reviews.daily",
			"giam_sat_mot_cua.evidence.signing_keys.remind",
		],
	},
}
