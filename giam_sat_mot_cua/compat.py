"""Where the supported versions of Frappe differ: the only place that asks which one this is."""

try:
	from frappe.tests import IntegrationTestCase  # from version 16 on
except ImportError:
	from frappe.tests.utils import FrappeTestCase as IntegrationTestCase

__all__ = ["IntegrationTestCase"]
