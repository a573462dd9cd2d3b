"""The app's roles. English in code; the Desk shows their Vietnamese translation."""

MONITORING_ADMINISTRATOR = "Monitoring Administrator"  # managing unit: units, accounts, cameras, settings
MONITORING_OPERATOR = "Monitoring Operator"  # managing unit: watches the whole system
MANAGING_UNIT_LEADER = "Managing Unit Leader"  # managing unit: decides and signs
INTAKE_DESK_OFFICER = "Intake Desk Officer"  # public service centre: receives reports (Article 8)
MONITORING_AUDITOR = "Monitoring Auditor"  # reads everything, changes nothing
UNIT_LEADER = "Unit Leader"  # leader of a district or commune
COUNTER_HEAD = "Counter Head"  # head of a district's one-stop counter
UNIT_OPERATOR = "Unit Operator"  # a district's or commune's officer in charge of the system

PROVINCE_ROLES = (
	MONITORING_ADMINISTRATOR,
	MONITORING_OPERATOR,
	MANAGING_UNIT_LEADER,
	INTAKE_DESK_OFFICER,
	MONITORING_AUDITOR,
)
UNIT_ROLES = (UNIT_LEADER, COUNTER_HEAD, UNIT_OPERATOR)
ALL_ROLES = PROVINCE_ROLES + UNIT_ROLES
