"""cc_proto: the C++ library of one .proto file, made by the system's protoc."""

def cc_proto(name, src, imports = [], deps = [], service = False, **kwargs):
    """Makes `name`, the C++ messages (and with `service` the gRPC stubs) of `src`.

    Includes are relative to this package, as the .proto files' imports are.

    Args:
      name: the cc_library's name.
      src: the .proto file, relative to this package.
      imports: the .proto files that `src` imports, directly or not.
      deps: the cc_proto libraries of `imports`.
      service: whether `src` declares a service.
      **kwargs: for the cc_library.
    """
    stem = src[:-len(".proto")]
    hdrs = [stem + ".pb.h"] + ([stem + ".grpc.pb.h"] if service else [])
    srcs = [stem + ".pb.cc"] + ([stem + ".grpc.pb.cc"] if service else [])
    plugin = ["@sys//:grpc_cpp_plugin"] if service else []
    grpc = " --grpc_out=$(RULEDIR) --plugin=protoc-gen-grpc=$(location @sys//:grpc_cpp_plugin)" if service else ""
    native.genrule(
        name = name + "_gen",
        srcs = [src] + imports,
        outs = hdrs + srcs,
        cmd = "$(location @sys//:protoc) -I%s -I/usr/include --cpp_out=$(RULEDIR)%s $(location %s)" % (
            native.package_name(),
            grpc,
            src,
        ),
        tools = ["@sys//:protoc"] + plugin,
    )
    native.cc_library(
        name = name,
        srcs = srcs,
        hdrs = hdrs,
        copts = ["-w"],
        includes = ["."],
        deps = deps + (["@sys//:grpcpp"] if service else ["@sys//:protobuf"]),
        **kwargs
    )
