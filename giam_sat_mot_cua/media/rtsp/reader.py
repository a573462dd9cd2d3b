"""Reads a session that plays: interleaved in its connection, or over UDP beside it."""

import socket
import time

from giam_sat_mot_cua.media.ingest import Ingest, take
from giam_sat_mot_cua.media.rtsp import rtcp
from giam_sat_mot_cua.media.rtsp.rtp import Track
from giam_sat_mot_cua.media.rtsp.session import Session

REPORT_S = 5.0
LARGEST_DATAGRAM = 65_536
MOST_LEFT = 1 << 20


class SessionReader:
	"""Hands the packets of `session` to its tracks. `owner` is told of the end (`connection_failed`) and of
	the camera's clock (`clock_told`)."""

	def __init__(self, session: Session, tracks: list[Track], ingest: Ingest, owner):
		self.session, self.ingest, self.owner = session, ingest, owner
		self.rest = session.left
		self.media = {channel.channel: track for channel, track in zip(session.channels, tracks, strict=True)}
		self.pairs = list(zip(session.channels, tracks, strict=True))
		self.reports: dict[int, tuple[rtcp.SenderReport, float]] = {}
		self.next_report = time.monotonic() + REPORT_S
		self.next_keep_alive = time.monotonic() + session.timeout_s / 3
		self.datagrams: list[DatagramReader] = []
		self.to_send = b""
		session.link.setblocking(False)

	def begin(self) -> None:
		self.ingest.watch(self.session.link, self)
		for channel, track in self.pairs:
			for one, is_rtcp in zip(channel.sockets or (), (False, True), strict=False):
				reader = DatagramReader(one, track, is_rtcp, channel, self)
				self.datagrams.append(reader)
				self.ingest.watch(one, reader)
		self.feed(b"")

	def end(self) -> None:
		self.ingest.forget(self.session.link)
		for reader in self.datagrams:
			self.ingest.forget(reader.link)

	# Called by the ingest loop

	def readable(self, buffer: memoryview) -> None:
		count = take(self.session.link, buffer)
		if count:
			self.feed(bytes(buffer[:count]))

	def failed(self, error: Exception) -> None:
		self.owner.connection_failed(error)

	def feed(self, fresh: bytes) -> None:
		data = self.rest + fresh if self.rest else fresh
		media, place, end = self.media, 0, len(data)
		while place + 4 <= end:
			if data[place] != 0x24:
				after = self.past_answer(data, place)
				if after < 0:
					break
				place = after
				continue
			after = place + 4 + (data[place + 2] << 8 | data[place + 3])
			if after > end:
				break
			number = data[place + 1]
			track = media.get(number)
			if track:
				track.packet(data, place + 4, after)
			elif number & 1:
				self.report_arrived(number - 1, data, place + 4, after)
			place = after
		self.rest = data[place:]
		if len(self.rest) > MOST_LEFT:
			raise ValueError("what the camera sends is not RTSP")

	def past_answer(self, data: bytes, place: int) -> int:
		"""The place behind an answer to a request of ours, or a request of the camera's; -1 when it is not
		whole yet. What is neither is passed over up to the next packet."""
		if not data.startswith((b"RTSP/", b"ANNOUNCE", b"SET_P", b"GET_P", b"OPTIO", b"TEARD"), place):
			if end_of_word(data, place):
				after = data.find(b"$", place + 1)
				return after if after >= 0 else len(data)
			return -1
		blank = data.find(b"\r\n\r\n", place)
		if blank < 0:
			return -1
		head = data[place:blank].lower()
		at = head.find(b"content-length:")
		length = int(head[at + 15 :].split(b"\r\n")[0] or 0) if at >= 0 else 0
		after = blank + 4 + length
		return after if after <= len(data) else -1

	def report_arrived(self, channel: int, data: bytes, start: int, end: int) -> None:
		report = rtcp.read(data, start, end)
		track = self.media.get(channel)
		if report and track:
			self.reports[channel] = (report, time.monotonic())
			self.owner.clock_told(track, report)

	# Called from time to time

	def tick(self, now: float) -> None:
		if now >= self.next_report:
			self.next_report = now + REPORT_S
			for channel, track in self.pairs:
				self.send_report(channel, track, now)
		if now >= self.next_keep_alive:
			self.next_keep_alive = now + self.session.timeout_s / 3
			self.send(self.session.keep_alive())

	def send_report(self, channel, track: Track, now: float) -> None:
		if not track.received:
			return
		report, at = self.reports.get(channel.channel, (None, now))
		packet = rtcp.receiver_report(track, report, now - at)
		if channel.sockets:
			if channel.server:
				channel.sockets[1].sendto(packet, channel.server)
		else:
			self.send(bytes((0x24, channel.channel + 1)) + len(packet).to_bytes(2, "big") + packet)

	def send(self, data: bytes) -> None:
		"""As much as goes at once; the rest waits, whole, for the next time."""
		self.to_send += data
		try:
			sent = self.session.link.send(self.to_send)
			self.to_send = self.to_send[sent:]
		except (BlockingIOError, OSError):
			pass  # its end is seen by reading


class DatagramReader:
	"""One socket of a session over UDP. Packets of one turn are put in order before they are taken."""

	def __init__(self, link: socket.socket, track: Track, is_rtcp: bool, channel, owner: SessionReader):
		self.link, self.track, self.is_rtcp, self.channel, self.owner = link, track, is_rtcp, channel, owner

	def readable(self, _buffer: memoryview) -> None:
		found = []
		try:
			while True:
				found.append(self.link.recv(LARGEST_DATAGRAM))
		except BlockingIOError:
			pass
		if self.is_rtcp:
			for data in found:
				self.owner.report_arrived(self.channel.channel, data, 0, len(data))
			return
		last = self.track.sequence or 0
		found.sort(key=lambda data: (int.from_bytes(data[2:4], "big") - last + 0x8000) & 0xFFFF)
		for data in found:
			self.track.packet(data, 0, len(data))

	def failed(self, error: Exception) -> None:
		self.owner.failed(error)


def end_of_word(data: bytes, place: int) -> bool:
	"""Whether enough is there to know that it is no RTSP message that has just begun."""
	return len(data) - place >= 8
