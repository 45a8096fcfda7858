"""What a running task says before its end: items in their order, as many as the reader has room for, and of its reports the newest."""

import threading

from ._errors import Cancelled
from ._failures import cut

# Whatever credit the reader gives: what is not sent yet stays below these and one item.
_MAX_UNSENT_BYTES = 256 * 1024
_MAX_UNSENT_ITEMS = 4096
_MAX_REPORT_BYTES = 512


class Item:
    __slots__ = ("data", "content_type")

    def __init__(self, data, content_type):
        self.data = data
        self.content_type = content_type


class Report:
    """Replaced in place by a newer one for as long as it is not sent."""

    __slots__ = ("fraction", "message", "sent")

    def __init__(self, fraction, message):
        self.fraction = fraction
        self.message = message
        self.sent = False


class Output:
    """`say` takes an Item or a Report, in order; `sent` is called for each item that has left. Thread-safe."""

    def __init__(self, takes_items, items, size, say):
        self.takes_items = takes_items
        self._items, self._size = items, size
        self._say = say
        self._condition = threading.Condition()
        self._unsent_items = self._unsent_bytes = 0
        self._report = None
        self._closed = False

    def grant(self, items, size):
        """The reader has room for more."""
        with self._condition:
            self._items += items
            self._size += size
            self._condition.notify_all()

    def sent(self, item):
        with self._condition:
            self._unsent_items -= 1
            self._unsent_bytes -= len(item.data)
            self._condition.notify_all()

    def wake(self):
        """Its task is to stop."""
        with self._condition:
            self._condition.notify_all()

    def has_room(self):
        return self._items > 0 and self._size > 0 and self._unsent_bytes < _MAX_UNSENT_BYTES and self._unsent_items < _MAX_UNSENT_ITEMS

    def await_room(self, context):
        """Raises Cancelled when its task is to stop."""
        with self._condition:
            while context._stop is None and not self.has_room():
                self._condition.wait()
        if context._stop is not None:
            raise Cancelled(context._stop)

    def add(self, item):
        with self._condition:
            self._items -= 1
            self._size -= len(item.data)
            self._unsent_items += 1
            self._unsent_bytes += len(item.data)
        self._say(item)

    def report(self, fraction, message):
        message = cut(message, _MAX_REPORT_BYTES)
        with self._condition:
            if self._closed:
                return
            report = self._report
            if report is not None and not report.sent:
                report.fraction, report.message = fraction, message
                return
            self._report = report = Report(fraction, message)
        self._say(report)

    def take(self, report):
        """What is to be sent of it now."""
        with self._condition:
            report.sent = True
            return report.fraction, report.message

    def close(self):
        with self._condition:
            self._closed = True
