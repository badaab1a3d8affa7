"""Keeping locale/ in step with the sources, in Python alone: no GNU gettext is needed to build, test or run.

`python -m translations` takes new sentences into every .po file and compiles the .mo files, which are part of the
repository; `--check` only says whether both are up to date. Nothing here is imported by the server.
"""
