"""embed_sql: a C++ library with the texts of SQL files: the server needs no files at run time."""

def embed_sql(name, srcs, deps = [], **kwargs):
    """Makes the library `name`, "migrations", "statements" or "..._statements": header sql/<name>.h."""
    native.genrule(
        name = name + "_gen",
        srcs = srcs,
        outs = [name + ".h", name + ".cc"],
        cmd = "/usr/bin/python3 $(location //bazel:sql_embedder.py) " +
              "{0} $(location {0}.h) $(location {0}.cc) $(SRCS)".format(name),
        tools = ["//bazel:sql_embedder.py"],
    )
    native.cc_library(
        name = name,
        srcs = [name + ".cc"],
        hdrs = [name + ".h"],
        deps = deps,
        **kwargs
    )
