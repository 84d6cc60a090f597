"""Control planes and workers, as the API's tests have them, and a stack with a stand-in trainer."""

from tests.api.conftest import StartControlPlane as StartControlPlane
from tests.api.conftest import plane as plane
from tests.api.conftest import planes as planes
from tests.api.conftest import postgres as postgres
from tests.api.conftest import sockets as sockets
from tests.api.conftest import start_control_plane as start_control_plane
from tests.api.conftest import worker as worker
