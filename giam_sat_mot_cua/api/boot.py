"""What the Desk is told when it opens."""

import frappe

from giam_sat_mot_cua.api import accounts


def extend(bootinfo) -> None:
	"""Where maps come from: `gsmc_map_tiles` of the site's configuration, an address with {z}, {x} and {y}.
	Without it maps are empty, and nothing is asked of the internet. And for whom the person stands in."""
	bootinfo.gsmc_map_tiles = frappe.conf.get("gsmc_map_tiles") or ""
	bootinfo.gsmc_delegations = accounts.own_delegations()
