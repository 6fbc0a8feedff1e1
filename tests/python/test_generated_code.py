"""That the generated code that is checked in is that of the protos."""
import filecmp
import os
import subprocess
import sys

import leasehold

PACKAGE = os.path.dirname(leasehold.__file__)
GENERATED = os.path.join(PACKAGE, "_proto")
GENERATE = os.path.join(os.path.dirname(PACKAGE), "generate.sh")


def sources(directory):
    return sorted(name for name in os.listdir(directory) if name.endswith((".py", ".pyi")))


def test_is_up_to_date(tmp_path):
    subprocess.run([GENERATE, str(tmp_path)], check=True, timeout=60)
    made = tmp_path / "leasehold" / "_proto"
    assert sources(made) == sources(GENERATED)
    _, differ, missing = filecmp.cmpfiles(made, GENERATED, sources(made), shallow=False)
    assert (differ, missing) == ([], []), "run client/python/generate.sh"


def test_stands_beside_other_descriptors_of_the_same_protos(tmp_path):
    """As a program has them that generates its own, of another version."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(PACKAGE)))
    protos = [os.path.join(root, "proto", name) for name in (
        "leasehold/v1/job_service.proto", "google/rpc/status.proto",
        "google/rpc/error_details.proto")]
    described = tmp_path / "protos"
    subprocess.run(["/usr/bin/protoc", "-I", os.path.join(root, "proto"), "-I", "/usr/include",
                    "--include_imports", f"--descriptor_set_out={described}", *protos],
                   check=True, timeout=60)
    program = f"""
from google.protobuf import descriptor_pb2, descriptor_pool, any_pb2, duration_pb2, timestamp_pb2
import leasehold._status, leasehold._session.machine
files = descriptor_pb2.FileDescriptorSet.FromString(open({str(described)!r}, "rb").read()).file
for file in files:
    if not file.name.startswith("google/protobuf/"):
        file.message_type.add(name="Of_" + file.name.split("/")[-1][:-6])
        descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
        print(descriptor_pool.Default().FindFileByName(file.name).name)
"""
    said = subprocess.run([sys.executable, "-c", program], check=True, timeout=60,
                          stdout=subprocess.PIPE, text=True).stdout
    assert set(said.split()) == {"leasehold/v1/job.proto", "leasehold/v1/job_service.proto",
                                 "google/rpc/status.proto", "google/rpc/error_details.proto"}
