"""That each of the three runs of these tests has the packages it is meant to have."""
import os
import sys

import google.protobuf
import grpc
import pytest

HERE = os.path.dirname(os.path.realpath(__file__))


def wanted():
    """The requirements of the environment that runs this; None for Debian's Python."""
    for name in ("newest", "oldest"):
        if os.path.basename(sys.prefix) == f"python-{name}":
            with open(os.path.join(HERE, f"requirements-{name}.txt"), encoding="utf-8") as file:
                return dict(line.split("==") for line in file.read().split() if "==" in line)
    return None


def test_runs_with_the_pinned_packages():
    versions = {"grpcio": grpc.__version__, "protobuf": google.protobuf.__version__,
                "pytest": pytest.__version__}
    if wanted() is None:
        assert sys.prefix == "/usr"
        assert grpc.__file__.startswith("/usr/lib/python3/dist-packages/")
        assert google.protobuf.__file__.startswith("/usr/lib/python3/dist-packages/")
    else:
        assert versions == {name: wanted()[name] for name in versions}
