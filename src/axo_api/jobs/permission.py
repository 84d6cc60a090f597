"""What whoever asks may have a job do, beyond what every job may."""

from dataclasses import dataclass

from axo_api.callers import Caller
from axo_api.settings import Settings
from axo_contracts.keys import Scope


@dataclass(frozen=True, slots=True)
class Permission:
    """What is permitted to one caller."""

    unsafe_code: bool = False  # have the trainer run code of the client's, and reach out of the job's folder
    into_storage: bool = False  # name paths where everybody's files and results lie


def permission_of(caller: Caller, settings: Settings) -> Permission:
    """Return what `caller` may have a job do."""
    unsafe_code = settings.unsafe_code or Scope.UNSAFE_CODE in caller.scopes
    return Permission(unsafe_code=unsafe_code, into_storage=caller.is_admin)
