"""The version, in a module of its own: what lies below the package's root needs it."""

__version__ = "0.1.0"
