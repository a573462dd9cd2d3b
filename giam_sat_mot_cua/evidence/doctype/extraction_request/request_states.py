"""The states of an Extraction Request (access/states.py), who leads it from one to the next, and what is
locked in each.

```
 Draft ---> Submitted ---> Checked ---> Approved ---> Exporting ---> Ready ---> Handed Over ---> Closed
   ^           |  |           | \\______> Rejected        |             |
   |           |  |           |                  Approved <-- fails    +---> Expired
   +-- Returned <-+-----------+          (Withdrawn: until its export begins)
```
"""

DRAFT, SUBMITTED, CHECKED, RETURNED = "Draft", "Submitted", "Checked", "Returned"
APPROVED, REJECTED, WITHDRAWN = "Approved", "Rejected", "Withdrawn"
EXPORTING, READY, HANDED_OVER = "Exporting", "Ready", "Handed Over"
CLOSED, EXPIRED = "Closed", "Expired"
STATUSES = (
	DRAFT,
	SUBMITTED,
	CHECKED,
	RETURNED,
	APPROVED,
	REJECTED,
	WITHDRAWN,
	EXPORTING,
	READY,
	HANDED_OVER,
	CLOSED,
	EXPIRED,
)

# Who leads from one state to the next: who asked; the managing unit's operator; the leader of the unit whose
# counter it is, or his substitute (Article 9.2); the program
REQUESTER, OPERATOR, APPROVER, SYSTEM = "requester", "operator", "approver", "system"
TRANSITIONS = {
	(DRAFT, SUBMITTED): REQUESTER,
	(RETURNED, SUBMITTED): REQUESTER,
	(DRAFT, WITHDRAWN): REQUESTER,
	(RETURNED, WITHDRAWN): REQUESTER,
	(SUBMITTED, WITHDRAWN): REQUESTER,
	(CHECKED, WITHDRAWN): REQUESTER,
	(APPROVED, WITHDRAWN): REQUESTER,
	(SUBMITTED, CHECKED): OPERATOR,
	(SUBMITTED, RETURNED): OPERATOR,
	(CHECKED, APPROVED): APPROVER,
	(CHECKED, REJECTED): APPROVER,
	(CHECKED, RETURNED): APPROVER,
	(APPROVED, EXPORTING): SYSTEM,
	(EXPORTING, READY): SYSTEM,
	(EXPORTING, APPROVED): SYSTEM,
	(READY, HANDED_OVER): OPERATOR,
	(HANDED_OVER, CLOSED): OPERATOR,
	(APPROVED, EXPIRED): SYSTEM,
	(READY, EXPIRED): SYSTEM,
}
NEEDS_REASON = (RETURNED, REJECTED, WITHDRAWN)

OPEN = (DRAFT, RETURNED)  # the requester writes it
WAITING = (SUBMITTED, CHECKED)  # for somebody in the administration
DECIDED = (APPROVED, EXPORTING, READY, HANDED_OVER, CLOSED)  # somebody has approved it
