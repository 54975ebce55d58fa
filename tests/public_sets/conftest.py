"""A publisher on this computer; nothing here reaches the internet."""

from download.conftest import events, no_proxy, patience, publisher

__all__ = ["events", "no_proxy", "patience", "publisher"]
