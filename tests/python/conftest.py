"""Fixtures of all tests."""
from client_fixture import make_clients, make_either  # noqa: F401
from executor_fixture import make_client, make_executor  # noqa: F401
from fake_server import make_fake  # noqa: F401
from machine_fixture import make_session  # noqa: F401
from server_fixture import make_impatient_server, make_server, make_task  # noqa: F401
