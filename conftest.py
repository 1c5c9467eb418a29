"""Makes the fixtures of the world known to every test."""

pytest_plugins = ["tests.fixtures", "tests.live"]
