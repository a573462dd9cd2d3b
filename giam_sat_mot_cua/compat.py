"""Where the supported versions of Frappe differ: the only place that asks which one this is."""

import frappe

try:
	from frappe.tests import IntegrationTestCase  # from version 16 on
except ImportError:
	from frappe.tests.utils import FrappeTestCase as IntegrationTestCase

# What a has_permission hook answers when it has no objection. Frappe 15 asks the next hook after None and no
# other after True; from 16 on each is asked, and None is a refusal.
NO_OBJECTION = None if int(frappe.__version__.split(".")[0]) < 16 else True

__all__ = ["NO_OBJECTION", "IntegrationTestCase"]
