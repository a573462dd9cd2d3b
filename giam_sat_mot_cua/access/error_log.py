"""Error Log without the secrets of the request that failed.

Frappe writes down the values of variables at each step of a fault, and puts the row into Redis until a job
inserts it. So a row is cleaned while the request is still known.
"""

from frappe.core.doctype.error_log.error_log import ErrorLog

from giam_sat_mot_cua.access.request_secrets import without_secrets


class MaskedErrorLog(ErrorLog):
	def deferred_insert(self) -> None:
		self.hide_secrets()
		super().deferred_insert()

	def before_insert(self) -> None:
		self.hide_secrets()

	def hide_secrets(self) -> None:
		for fieldname in ("error", "method"):
			if self.get(fieldname):
				self.set(fieldname, without_secrets(str(self.get(fieldname))))
