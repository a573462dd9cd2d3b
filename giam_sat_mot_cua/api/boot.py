"""What the Desk is told when it opens."""

import frappe


def extend(bootinfo) -> None:
	"""Where maps come from: `gsmc_map_tiles` of the site's configuration, an address with {z}, {x} and {y}.
	Without it maps are empty, and nothing is asked of the internet."""
	bootinfo.gsmc_map_tiles = frappe.conf.get("gsmc_map_tiles") or ""
