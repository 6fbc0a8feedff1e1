"""The version of the library, which sessions are told."""

VERSION = "0.1.0"
