"""What a new site starts with: rules as data. Installed when missing, never written over an admin's work."""

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.access.scope import ALL_UNITS, OWN_UNIT, SUBTREE

# Role profile of each role: what an account of a position may do.
ROLE_PROFILES = {
	roles.MONITORING_ADMINISTRATOR: "Giám sát: Quản trị hệ thống",
	roles.MONITORING_OPERATOR: "Giám sát: Vận hành hệ thống",
	roles.MANAGING_UNIT_LEADER: "Giám sát: Lãnh đạo đơn vị quản lý",
	roles.INTAKE_DESK_OFFICER: "Giám sát: Tiếp nhận phản ánh",
	roles.MONITORING_AUDITOR: "Giám sát: Kiểm tra, giám sát",
	roles.UNIT_LEADER: "Giám sát: Lãnh đạo đơn vị",
	roles.COUNTER_HEAD: "Giám sát: Trưởng Bộ phận Một cửa",
	roles.UNIT_OPERATOR: "Giám sát: Cán bộ tại đơn vị",
}

# code, name, role
POSITIONS = (
	("LEADER", "Lãnh đạo Ủy ban nhân dân", roles.UNIT_LEADER),
	("COUNTER-HEAD", "Trưởng Bộ phận Một cửa", roles.COUNTER_HEAD),
	("OPERATOR", "Cán bộ chuyên môn vận hành Hệ thống giám sát", roles.UNIT_OPERATOR),
	("SYSTEM-ADMIN", "Quản trị Hệ thống giám sát", roles.MONITORING_ADMINISTRATOR),
	("SYSTEM-OPERATOR", "Cán bộ vận hành Hệ thống giám sát của đơn vị quản lý", roles.MONITORING_OPERATOR),
	("MANAGING-LEADER", "Lãnh đạo đơn vị quản lý", roles.MANAGING_UNIT_LEADER),
	("INTAKE-OFFICER", "Cán bộ tiếp nhận của Trung tâm Phục vụ hành chính công", roles.INTAKE_DESK_OFFICER),
	("AUDITOR", "Cán bộ kiểm tra, giám sát", roles.MONITORING_AUDITOR),
)
MANAGING_POSITIONS = ("SYSTEM-ADMIN", "SYSTEM-OPERATOR", "MANAGING-LEADER", "INTAKE-OFFICER", "AUDITOR")

THREE_TIERS, TWO_TIERS = "THREE-TIER-2024", "TWO-TIER"
PROFILES = (
	{
		"profile_code": THREE_TIERS,
		"profile_name": "Ba cấp: tỉnh, huyện, xã (năm 2024)",
		"active": 1,
		"legal_basis": "Điều 6 khoản 3 Quy chế quản lý, vận hành, khai thác và sử dụng Hệ thống giám sát",
	},
	{
		"profile_code": TWO_TIERS,
		"profile_name": "Hai cấp: tỉnh, xã",
		"active": 0,
		"description": "Chưa có định mức tài khoản: quản trị viên nhập định mức cho từng cấp theo văn bản "
		"của cấp có thẩm quyền rồi mới kích hoạt.",
	},
)

# The regulation names the managing unit's accounts without a number.
MANAGING_QUOTAS = tuple((position, 0, ALL_UNITS, 0) for position in MANAGING_POSITIONS)

# The three tiers of the 2024 regulation, Article 6.3: (position, accounts, scope, approves extraction);
# 0 accounts: no limit. The two tiers are for an administrator to complete: nobody has decided their quotas.
LEVELS = (
	{
		"level_code": "PROVINCE",
		"level_name": "Cấp tỉnh",
		"profile": THREE_TIERS,
		"rank": 1,
		"holds_cameras": 0,
		"quotas": MANAGING_QUOTAS,
	},
	{
		"level_code": "DISTRICT",
		"level_name": "Cấp huyện",
		"profile": THREE_TIERS,
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
		"profile": THREE_TIERS,
		"rank": 3,
		"holds_cameras": 1,
		"quotas": (("LEADER", 1, OWN_UNIT, 1), ("OPERATOR", 1, OWN_UNIT, 0)),
	},
	{
		"level_code": "PROVINCE-2",
		"level_name": "Cấp tỉnh (hai cấp)",
		"profile": TWO_TIERS,
		"rank": 1,
		"holds_cameras": 0,
		"quotas": (),
	},
	{
		"level_code": "COMMUNE-2",
		"level_name": "Cấp xã (hai cấp)",
		"profile": TWO_TIERS,
		"rank": 3,
		"holds_cameras": 1,
		"quotas": (),
	},
)

# The workflow of accounts: (state, roles that edit in it, colour); each state means the status of its name.
PREPARES_ACCOUNTS = (*roles.UNIT_ROLES, roles.MONITORING_ADMINISTRATOR)
ADMINISTERS_ACCOUNTS = (roles.MONITORING_ADMINISTRATOR,)
ACCOUNT_STATES = (
	("Draft", PREPARES_ACCOUNTS, "Warning"),
	("Proposed", ADMINISTERS_ACCOUNTS, "Primary"),
	("Granted", ADMINISTERS_ACCOUNTS, "Success"),
	("Returned", PREPARES_ACCOUNTS, "Warning"),
	("Suspended", ADMINISTERS_ACCOUNTS, "Danger"),
	("Revoked", ADMINISTERS_ACCOUNTS, "Inverse"),
)
# Offers the button to a substitute of the leader; who may press it is decided by access/scope.py.
SUBSTITUTE = (
	'frappe.db.get_value("Approval Delegation", {"unit": doc.unit, "substitute_user": frappe.session.user, '
	'"status": "In Force"}, "name")'
)
# (from, action, to, role, condition)
ACCOUNT_TRANSITIONS = (
	("Draft", "Propose", "Proposed", roles.UNIT_LEADER, None),
	("Draft", "Propose", "Proposed", roles.MONITORING_ADMINISTRATOR, None),
	("Draft", "Propose", "Proposed", roles.COUNTER_HEAD, SUBSTITUTE),
	("Draft", "Propose", "Proposed", roles.UNIT_OPERATOR, SUBSTITUTE),
	("Returned", "Propose", "Proposed", roles.UNIT_LEADER, None),
	("Returned", "Propose", "Proposed", roles.MONITORING_ADMINISTRATOR, None),
	("Returned", "Propose", "Proposed", roles.COUNTER_HEAD, SUBSTITUTE),
	("Returned", "Propose", "Proposed", roles.UNIT_OPERATOR, SUBSTITUTE),
	("Proposed", "Grant", "Granted", roles.MONITORING_ADMINISTRATOR, None),
	("Proposed", "Return", "Returned", roles.MONITORING_ADMINISTRATOR, None),
	("Granted", "Suspend", "Suspended", roles.MONITORING_ADMINISTRATOR, None),
	("Suspended", "Reinstate", "Granted", roles.MONITORING_ADMINISTRATOR, None),
	("Granted", "Revoke", "Revoked", roles.MONITORING_ADMINISTRATOR, None),
	("Suspended", "Revoke", "Revoked", roles.MONITORING_ADMINISTRATOR, None),
)

# The workflow of footage requests, in the same form.
ASKS = (
	roles.MONITORING_ADMINISTRATOR,
	roles.MONITORING_OPERATOR,
	roles.MANAGING_UNIT_LEADER,
	roles.INTAKE_DESK_OFFICER,
	*roles.UNIT_ROLES,
)
HANDLES = (roles.MONITORING_OPERATOR, roles.MONITORING_ADMINISTRATOR)
SYSTEM = ("Administrator",)
REQUEST_STATES = (
	("Draft", ASKS, "Warning"),
	("Submitted", ASKS, "Primary"),
	("Checked", ASKS, "Primary"),
	("Returned", ASKS, "Warning"),
	("Approved", ASKS, "Success"),
	("Rejected", SYSTEM, "Danger"),
	("Withdrawn", SYSTEM, "Inverse"),
	("Exporting", SYSTEM, "Info"),
	("Ready", HANDLES, "Success"),
	("Handed Over", HANDLES, "Success"),
	("Closed", SYSTEM, "Inverse"),
	("Expired", SYSTEM, "Inverse"),
)
OF_REQUESTER = "frappe.session.user in (doc.requester, doc.owner)"
DECISIONS = (("Approve", "Approved"), ("Reject", "Rejected"), ("Return", "Returned"))
REQUEST_TRANSITIONS = (
	*(
		(state, "Submit the Request", "Submitted", role, OF_REQUESTER)
		for state in ("Draft", "Returned")
		for role in ASKS
	),
	*(
		(state, "Withdraw the Request", "Withdrawn", role, OF_REQUESTER)
		for state in ("Draft", "Submitted", "Checked", "Returned", "Approved")
		for role in ASKS
	),
	*(("Submitted", "Confirm the Check", "Checked", role, None) for role in HANDLES),
	*(("Submitted", "Return", "Returned", role, None) for role in HANDLES),
	*(("Checked", action, state, roles.UNIT_LEADER, None) for action, state in DECISIONS),
	*(
		("Checked", action, state, role, SUBSTITUTE)
		for action, state in DECISIONS
		for role in (roles.COUNTER_HEAD, roles.UNIT_OPERATOR)
	),
	("Approved", "Begin the Export", "Exporting", "Administrator", None),
	("Exporting", "Finish the Export", "Ready", "Administrator", None),
	("Exporting", "Give Up the Export", "Approved", "Administrator", None),
	*(("Ready", "Hand Over", "Handed Over", role, None) for role in HANDLES),
	*(("Handed Over", "Close the Request", "Closed", role, None) for role in HANDLES),
	("Approved", "Let Expire", "Expired", "Administrator", None),
	("Ready", "Let Expire", "Expired", "Administrator", None),
)

PERSON_IMAGE = "/assets/giam_sat_mot_cua/images/person.svg"

# Document sharing would widen what the scope grants; shares are ORed with permissions in Frappe.
SYSTEM_SETTINGS = {"disable_document_sharing": 1}

# How long the links of a handed-over account hold, in seconds.
HANDOVER_LINK_S = 48 * 3600

# Only while the setup wizard has not been completed: a site that somebody set up keeps its own.
FIRST_SYSTEM_SETTINGS = {
	"app_name": "Giám sát Một cửa",
	"disable_system_update_notification": 1,  # it would ask the internet
	"disable_change_log_notification": 1,
	"login_with_email_link": 0,  # whoever reads the mailbox would be let in
	"allow_error_traceback": 0,  # a fault's details are in the error log, not in a stranger's browser
	"enable_password_policy": 1,
	"minimum_password_score": "3",
	"allow_consecutive_login_attempts": 5,
	"allow_login_after_fail": 300,
	"logout_on_password_reset": 1,
	"session_expiry": "12:00",
	"enable_two_factor_auth": 1,  # docs/accounts.md
	"two_factor_method": "OTP App",
	"otp_issuer_name": "Giám sát Một cửa",
	"lifespan_qrcode_image": HANDOVER_LINK_S,
	"reset_password_link_expiry_duration": HANDOVER_LINK_S,
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

# How many columns a list shows on a screen of 1280 pixels, where Frappe itself stops at four: among them are
# title, tags and state.
LIST_COLUMNS = {
	"Backup Run": 6,
	"Extraction Request": 7,
	"Footage Access Log": 8,
	"Footage Application": 6,
	"Health Event": 7,
	"Maintenance Order": 7,
	"Recorder Node": 7,
	"Recording Gap": 7,
	"Recording Hour": 7,
	"Retention Run": 7,
	"Storage Volume": 7,
}

# Chosen for an account, it leaves only this system's workspaces in the Desk.
MODULE_PROFILE = "Giám sát Một cửa"
