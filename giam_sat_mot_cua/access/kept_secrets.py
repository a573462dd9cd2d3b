"""What a record keeps encrypted is read by this system's own code (frappe.utils.password), and shown by
actions that are logged, or never (Article 5.3)."""

import frappe


class KeepsSecrets:
	"""For controllers, before Document: templates of an administrator (print formats, e-mails, web pages)
	hold documents, and show to everybody what they read of them."""

	def get_password(self, *_arguments, **_options):
		raise frappe.PermissionError
