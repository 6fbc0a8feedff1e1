"""A gRPC server that answers as the test says."""
from concurrent import futures

import grpc
import pytest
from google.protobuf import any_pb2

from leasehold._calls import METHODS
from leasehold._proto import (
    admin_service_pb2,
    error_details_pb2,
    executor_service_pb2,
    job_service_pb2,
    status_pb2,
)

_REQUESTS = {}
for _module in (job_service_pb2, executor_service_pb2, admin_service_pb2):
    for _service in _module.DESCRIPTOR.services_by_name.values():
        for _method in _service.methods:
            _path = METHODS[_method.name].path
            _REQUESTS[_path] = (_method.name, getattr(_module, _method.input_type.name))


class Refuse(Exception):
    """An error with google.rpc details."""

    def __init__(self, code, message, reason="", retry_seconds=None, violations=()):
        super().__init__(message)
        self.code = code
        self.message = message
        details = []
        if violations:
            details.append(error_details_pb2.BadRequest(field_violations=[
                {"field": field, "description": text} for field, text in violations]))
        if reason:
            details.append(error_details_pb2.ErrorInfo(reason=reason, domain="leasehold"))
        if retry_seconds is not None:
            again = error_details_pb2.RetryInfo()
            again.retry_delay.FromMilliseconds(int(retry_seconds * 1000))
            details.append(again)
        status = status_pb2.Status(code=code.value[0], message=message, details=[
            any_pb2.Any(type_url="type.googleapis.com/google.rpc." + d.DESCRIPTOR.name,
                        value=d.SerializeToString()) for d in details])
        self.trailer = (("grpc-status-details-bin", status.SerializeToString()),)


class FakeServer(grpc.GenericRpcHandler):
    """answer("AddJob", one, another, ...): responses, Refuse, or functions of (request, context);
    the last one goes on.
    """

    def __init__(self, address="127.0.0.1:0"):
        self.requests = []
        self._answers = {}
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        self._server.add_generic_rpc_handlers((self,))
        port = self._server.add_insecure_port(address)
        assert port, f"{address} is taken"
        self.address = f"127.0.0.1:{port}"
        self._server.start()

    def answer(self, method, *answers):
        self._answers[method] = list(answers)

    def stop(self):
        self._server.stop(0).wait()

    def service(self, handler_call_details):
        name, request = _REQUESTS[handler_call_details.method]
        if name not in self._answers:
            # As if there were no such method.
            return None
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: self._handle(name, request, context),
            request_deserializer=request.FromString,
            response_serializer=lambda message: message.SerializeToString())

    def _handle(self, name, request, context):
        self.requests.append(request)
        answers = self._answers[name]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer):
            answer = answer(request, context)
        if isinstance(answer, Refuse):
            context.set_trailing_metadata(answer.trailer)
            context.abort(answer.code, answer.message)
        return answer


@pytest.fixture(name="fake")
def make_fake():
    server = FakeServer()
    yield server
    server.stop()
