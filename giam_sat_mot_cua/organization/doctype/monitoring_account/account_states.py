"""The states of a Monitoring Account (access/states.py), who may lead it from one to the next, and what is
locked in each."""

DRAFT, PROPOSED, GRANTED = "Draft", "Proposed", "Granted"
RETURNED, SUSPENDED, REVOKED = "Returned", "Suspended", "Revoked"
STATUSES = (DRAFT, PROPOSED, GRANTED, RETURNED, SUSPENDED, REVOKED)

UNIT, MANAGING = "unit", "managing unit"
# (from, to): who decides. The unit's leader proposes, the managing unit alone administers (Article 6.3a).
TRANSITIONS = {
	(DRAFT, PROPOSED): UNIT,
	(RETURNED, PROPOSED): UNIT,
	(PROPOSED, GRANTED): MANAGING,
	(PROPOSED, RETURNED): MANAGING,
	(GRANTED, SUSPENDED): MANAGING,
	(SUSPENDED, GRANTED): MANAGING,
	(GRANTED, REVOKED): MANAGING,
	(SUSPENDED, REVOKED): MANAGING,
}
NEEDS_REASON = (RETURNED, SUSPENDED, REVOKED)

PERSON = ("full_name", "email", "officer_code")
CONTACT = ("job_title", "mobile_no")
ASSIGNMENT = ("unit", "position")
BASIS = ("document_number", "document_date", "document_file")
HANDOVER = ("handed_over_on", "received_by", "handover_document", "handover_note")
# Fields that nobody changes while an account is in a state.
LOCKED = {
	DRAFT: HANDOVER,
	RETURNED: HANDOVER,
	PROPOSED: (*PERSON, *CONTACT, *ASSIGNMENT, *HANDOVER),
	GRANTED: PERSON,
	SUSPENDED: PERSON,
	REVOKED: (*PERSON, *CONTACT, *ASSIGNMENT, *BASIS, "decision_reason"),
}
OPEN_TO_UNIT = (DRAFT, RETURNED)
