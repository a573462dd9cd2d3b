"""Programs that make a backup, and how they fail."""

FULL_DISK = (
	"no space left",
	"disk quota",
	"file too large",
	"file size limit",
	"errcode: 28",
	"errno: 28",
)


class CommandFailed(Exception):
	"""A program of the backup failed; the text is what it said, for the log and not for people."""

	@property
	def disk_is_full(self) -> bool:
		return any(words in str(self).lower() for words in FULL_DISK)
