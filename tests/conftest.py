from hypothesis import settings

# How long an example takes says nothing on a shared machine.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")
