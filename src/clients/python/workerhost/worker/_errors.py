"""The exceptions between a handler and the worker."""


class Retryable(Exception):
    """Raised by a handler: the task has failed, and another try may do better. The pool tries it again as its options say
    (`attempts after a handler's exception`, by default none).

    `retry_after`: seconds before another try; None: no opinion.
    """

    def __init__(self, *args, retry_after=None):
        if retry_after is not None and not 0 <= retry_after <= 86_400:
            raise ValueError(f"retry_after is {retry_after}; it must be 0 to 86400 seconds")
        super().__init__(*args)
        self.retry_after = retry_after


class Cancelled(BaseException):
    """The task is to stop: its caller has cancelled it, or its time limit has passed. Raised by `Context.raise_if_cancelled`, and
    into a handler that has not ended a moment after its stop. Not an Exception: `except Exception` lets it pass. Clean up and let it go on."""


class BadInput(Exception):
    """The payload cannot be used; the handler was not called."""


class ResultNotWritable(Exception):
    """The result, or an item, cannot be made into bytes; the reason is the cause."""


class TooLarge(Exception):
    def __init__(self, what, size):
        super().__init__(what, size)
        self.what, self.size = what, size
