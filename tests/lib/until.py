"""Waiting for what nothing tells of."""

import threading
import time


def until(condition, timeout=10):
    """Polls until condition() holds; what it gave last."""
    end = time.monotonic() + timeout
    while True:
        found = condition()
        if found or time.monotonic() > end:
            return found
        threading.Event().wait(0.02)
