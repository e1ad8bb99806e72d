"""The command that is being handled: what a tell, or a call with a command id, is known by.

The id of a command counts for one method and one key, so that a call and a tell with the same id are one command.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Optional

from samspel.tell_address import TELL_GROUP, message_id

COMMAND_ID_HEADER = "samspel-command-id"


@dataclass(frozen=True)
class Command:
    """A command's identity."""

    service: str
    method: str
    key: str
    id: str

    @property
    def subscription(self) -> str:
        """Under what an inbox notes it."""
        return f"{TELL_GROUP}/tell.{self.service}"

    @property
    def message_id(self) -> str:
        """By what an inbox knows it."""
        return message_id(self.method, self.key, self.id)


_current: ContextVar[Optional[Command]] = ContextVar("samspel_command", default=None)


def current_command() -> Optional[Command]:
    """The command that this code handles; None for what has no command id."""
    return _current.get()


def enter_command(command: Command) -> None:
    """Makes what the current task does from here on part of a command."""
    _current.set(command)


def command_id(context: Any) -> Optional[str]:
    """The id under which a command is to have its effect once, from a call's context or a tell's; None without one."""
    for name, value in context.invocation_metadata() or ():
        if name == COMMAND_ID_HEADER:
            return value if isinstance(value, str) else bytes(value).decode("ascii")
    return None
