"""What a new site starts with: rules as data. Installed when missing, never written over an admin's work."""

from giam_sat_mot_cua.access.scope import SUBTREE

POSITIONS = (
	("LEADER", "Lãnh đạo Ủy ban nhân dân"),
	("COUNTER-HEAD", "Trưởng Bộ phận Một cửa"),
	("OPERATOR", "Cán bộ chuyên môn vận hành Hệ thống giám sát"),
)

OWN = "Own Unit"

# The three tiers of the 2024 regulation, Article 6.3: (position, accounts, scope, approves extraction).
LEVELS = (
	{"level_code": "PROVINCE", "level_name": "Cấp tỉnh", "rank": 1, "holds_cameras": 0, "quotas": ()},
	{
		"level_code": "DISTRICT",
		"level_name": "Cấp huyện",
		"rank": 2,
		"holds_cameras": 1,
		"quotas": (
			("LEADER", 1, SUBTREE, 1),
			("COUNTER-HEAD", 1, SUBTREE, 0),
			("OPERATOR", 1, SUBTREE, 0),
		),
	},
	{
		"level_code": "COMMUNE",
		"level_name": "Cấp xã",
		"rank": 3,
		"holds_cameras": 1,
		"quotas": (("LEADER", 1, OWN, 1), ("OPERATOR", 1, OWN, 0)),
	},
)

# Document sharing would widen what the scope grants; shares are ORed with permissions in Frappe.
SYSTEM_SETTINGS = {"disable_document_sharing": 1}

# Only while the setup wizard has not been completed: a site that somebody set up keeps its own.
FIRST_SYSTEM_SETTINGS = {
	"app_name": "Giám sát Một cửa",
	"disable_system_update_notification": 1,  # it would ask the internet
	"disable_change_log_notification": 1,
	"login_with_email_link": 0,  # whoever reads the mailbox would be let in
	"language": "vi",
	"country": "Vietnam",
	"time_zone": "Asia/Ho_Chi_Minh",
	"date_format": "dd/mm/yyyy",
	"time_format": "HH:mm:ss",
	"number_format": "#.###,##",
	"first_day_of_the_week": "Monday",
}

# On the same occasion. Nobody gets an account by signing up: accounts are granted.
FIRST_WEBSITE_SETTINGS = {
	"app_name": "Giám sát Một cửa",
	"brand_html": "Giám sát Một cửa",
	"footer_powered": "Hệ thống giám sát Bộ phận Một cửa tỉnh Ninh Bình",
	"home_page": "login",
	"disable_signup": 1,
	"hide_footer_signup": 1,
}

# Chosen for an account, it leaves only this system's workspaces in the Desk.
MODULE_PROFILE = "Giám sát Một cửa"
