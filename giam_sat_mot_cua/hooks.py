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

# Who sees what: one definition, access/scope.py
permission_query_conditions = {
	"Camera": "giam_sat_mot_cua.access.hooks.camera_conditions",
	"Monitored Unit": "giam_sat_mot_cua.access.hooks.monitored_unit_conditions",
	"Recording Gap": "giam_sat_mot_cua.access.hooks.recording_gap_conditions",
	"Recording Hour": "giam_sat_mot_cua.access.hooks.recording_hour_conditions",
}
has_permission = {
	"Camera": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Monitored Unit": "giam_sat_mot_cua.access.hooks.has_monitored_unit_permission",
	"Recording Gap": "giam_sat_mot_cua.access.hooks.has_unit_permission",
	"Recording Hour": "giam_sat_mot_cua.access.hooks.has_unit_permission",
}

# A person who has not logged in yet reads the site's language, whatever the browser was installed in
before_request = ["giam_sat_mot_cua.api.guest_language.use_site_language"]

# Video bytes: signed addresses, served here on a development server and by nginx in production
page_renderer = ["giam_sat_mot_cua.api.media_files.MediaFileRenderer"]

# The minute tick
scheduler_events = {
	"cron": {
		"* * * * *": ["giam_sat_mot_cua.workers.tick.keep_recorders_running"],
		"*/5 * * * *": ["giam_sat_mot_cua.workers.tick.check_volumes"],
	},
}
