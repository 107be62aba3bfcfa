"""Settings of all tests."""

from hypothesis import settings

# A busy machine is no reason to fail.
settings.register_profile("course", deadline=None)
settings.load_profile("course")
