"""Who is asking: whose objects a request makes and reaches, and what it may do."""

from dataclasses import dataclass

from axo_api.errors import ApiError
from axo_contracts.keys import Scope, with_implied


class InvalidKey(ApiError):
    """There is no key with the request, or none that is accepted."""

    status = 401
    code = "invalid_api_key"
    headers = {"WWW-Authenticate": 'Bearer realm="axo"'}  # noqa: RUF012 (a constant of the class)


class MismatchedOrganization(InvalidKey):
    """The organization that the request names is not the key's."""

    code = "mismatched_organization"


class MismatchedProject(InvalidKey):
    """The project that the request names is not the key's."""

    code = "mismatched_project"


class InsufficientScope(ApiError):
    """The key does not permit this."""

    status = 403
    code = "insufficient_scope"

    def __init__(self, scope: Scope, doing: str) -> None:
        super().__init__(
            f"This key lacks the scope '{scope}', which {doing} needs. An admin makes a key that has it: "
            f"`axo keys create --owner NAME --scope {scope}`."
        )
        self.headers = {"WWW-Authenticate": f'Bearer realm="axo", error="insufficient_scope", scope="{scope}"'}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever sent a request. `scopes` holds what they imply, too; `key_hash` is None where no key is asked for."""

    owner: str
    scopes: frozenset[Scope]
    organization: str
    project: str
    key_hash: str | None = None

    @property
    def is_admin(self) -> bool:
        """Whether everything of every owner is open to this caller."""
        return Scope.ADMIN in self.scopes

    @property
    def reach(self) -> str | None:
        """Whose objects this caller may name: one owner's; None: everybody's."""
        return None if self.is_admin else self.owner

    def require(self, scope: Scope, doing: str) -> None:
        """Raise `InsufficientScope` unless this caller has `scope`; `doing` says what for, as in "a drain"."""
        if scope not in self.scopes:
            raise InsufficientScope(scope, doing)


LOCAL = Caller(owner="local", scopes=with_implied([Scope.ADMIN]), organization="local", project="default")
"""Everybody on this machine, as long as no key is asked for."""
