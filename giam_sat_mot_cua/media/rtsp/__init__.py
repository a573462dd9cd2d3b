"""RTSP as cameras speak it: session, login, transport, and packets of sound and picture made whole again."""
