"""WorkerHost from Python: process pools that survive the death of their workers.

See src/docs/python.md in the repository.
"""

try:
    from ._version import __version__
except ImportError:  # pragma: no cover -- only in a tree that was not built
    raise ImportError("the stubs of workerhost are not there yet: run src/clients/python/generate, or install the wheel") from None

__all__ = ["__version__"]
