"""How the service's HTTP API is reached: for what events do not say, and for the bots' commands."""

from pydantic import ConfigDict, HttpUrl, SecretStr

from axo_contracts.strict import Strict


class ApiSettings(Strict):
    """The service's HTTP API."""

    model_config = ConfigDict(hide_input_in_errors=True)

    url: HttpUrl
    """Where it is, as in http://127.0.0.1:8400."""
    key: SecretStr | None = None
    """A key from `axo keys create`: the jobs that it sees are those that can be told of, an admin's sees everybody's.
    Left out, none is sent."""
