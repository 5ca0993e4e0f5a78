from hypothesis import HealthCheck, settings

# How long an example takes to make or to run says nothing on a shared machine.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")
