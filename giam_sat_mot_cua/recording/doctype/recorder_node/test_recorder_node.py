import os
import time

import frappe

from giam_sat_mot_cua.access import roles
from giam_sat_mot_cua.api import nodes
from giam_sat_mot_cua.compat import IntegrationTestCase
from giam_sat_mot_cua.setup import factories
from giam_sat_mot_cua.workers import overview
from giam_sat_mot_cua.workers.fleet import Fleet
from giam_sat_mot_cua.workers.leases import LeaseTable

HEALTH = {
	"state": "recording",
	"fault": None,
	"packet_age_s": 0.4,
	"bytes_written": 1000,
	"connected_since_utc_ms": 1,
	"connections": 1,
	"files": 2,
	"fragments": 9,
}


class TestRecorderNode(IntegrationTestCase):
	def setUp(self):
		self.node = factories.code("MG")
		factories.insert(doctype="Recorder Node", node_name=self.node, state="Up")
		self.unit = factories.unit().name
		self.cameras = [factories.camera(self.unit).name for _n in range(2)]
		self.redis = overview.connect()
		self.fleet = Fleet(self.redis, frappe.local.site)
		self.owner, self.standby = (f"{self.node}/pid:[1]:{n}:{os.getpid()}" for n in (1, 2))
		self.leases = LeaseTable(self.redis, frappe.local.site, self.owner, 20_000)

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()
		for owner in (self.owner, self.standby):
			self.fleet.leave(owner)
			self.fleet.forget(self.cameras)
		for camera in self.cameras:
			self.redis.delete(*self.leases.keys(camera))

	def report(self, **health):
		facts = {
			"node": self.node,
			"capacity": 50,
			"leaving": False,
			"version": "0.1",
			"load": 0.5,
			"memory_mb": 30,
			"waiting": 3,
			"left_behind": 4,
			"index_delay_s": 2.0,
			"database_ok": time.time(),
		}
		cameras = {name: {**HEALTH, **health} for name in self.cameras}
		self.fleet.report(self.owner, {**facts, "cameras": 2}, cameras)
		self.fleet.report(self.standby, {**facts, "cameras": 0}, {})
		for name in self.cameras:
			self.leases.acquire(name)

	def test_a_node_that_is_silent_says_so(self):
		now = nodes.status(self.node)
		self.assertEqual((now["up"], now["recorders"], now["cameras"]), (False, [], []))
		self.assertIsNone(now["reported_s"])

	def test_it_tells_recorders_cameras_and_what_waits(self):
		self.report()
		now = nodes.status(self.node)
		self.assertTrue(now["up"])
		self.assertLess(now["reported_s"], 10)
		self.assertEqual([recorder["cameras"] for recorder in now["recorders"]], [2, 0])
		self.assertEqual(now["waiting"], 3 + 3 + 4)
		self.assertEqual(now["memory_mb"], 60)
		self.assertEqual({row["name"] for row in now["cameras"]}, set(self.cameras))
		self.assertEqual(now["cameras"][0]["state"], "Recording")
		self.assertGreaterEqual(now["oldest_packet_s"], 0.4)
		self.assertIn("main", [volume["name"] for volume in now["volumes"]])

	def test_a_fault_is_told_as_the_form_of_the_camera_does(self):
		self.report(state="waiting", fault="unreachable", packet_age_s=None)
		row = nodes.status(self.node)["cameras"][0]
		self.assertEqual((row["state"], row["fault"], row["packet_age_s"]), ("Waiting", "Unreachable", None))

	def test_only_those_who_read_nodes_are_told(self):
		self.report()
		for role in roles.PROVINCE_ROLES:
			user = factories.user(role).name
			frappe.set_user(user)
			if role == roles.INTAKE_DESK_OFFICER:
				self.assertRaises(frappe.PermissionError, nodes.status, self.node)
			else:
				self.assertEqual(len(nodes.status(self.node)["cameras"]), 2, role)
			frappe.set_user("Administrator")
		for role in roles.UNIT_ROLES:
			frappe.set_user(factories.user(role, self.unit).name)
			with self.subTest(role):
				self.assertRaises(frappe.PermissionError, nodes.status, self.node)
			frappe.set_user("Administrator")
		self.assertRaises(frappe.DoesNotExistError, nodes.status, "no such node")
		self.assertRaises(frappe.ValidationError, nodes.status)

	def test_cameras_that_a_reader_does_not_see_are_only_counted(self):
		self.report()
		held = [camera for camera in overview.cameras(self.redis) if camera.name in self.cameras]
		frappe.set_user(factories.user(roles.UNIT_OPERATOR, factories.unit().name).name)
		self.assertEqual(nodes.of_cameras(held), {"cameras": [], "more_cameras": 2})

	def test_what_recorders_write_is_written_by_nobody_else(self):
		doc = frappe.get_doc("Recorder Node", self.node)
		doc.update({"claims": "[[", "state": "Down", "camera_count": 9, "notes": "Tủ số 2", "retired": 1})
		doc.save()
		stored = frappe.db.get_value("Recorder Node", self.node, "*", as_dict=True)
		self.assertEqual((stored.claims, stored.state, stored.camera_count), (None, "Up", 0))
		self.assertEqual((stored.notes, stored.retired), ("Tủ số 2", 1))
