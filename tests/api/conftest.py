"""Running sites for the API tests, each behind nginx and behind lighttpd."""

import itertools
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

from site_lib import Site  # noqa: E402
from standin import Standin  # noqa: E402

numbers = itertools.count(1)


class House:
    """A site and the stand-in that its model lives at."""

    def __init__(self, site, provider):
        self.site = site
        self.provider = provider


def model_settings(provider, **more):
    """Settings under which a site asks the stand-in and gives up quickly."""
    settings = {"OPENAI_BASE_URL": f"{provider.url}/v1"}
    for operation in ("SUMMARIZE", "SENTIMENT", "KEY_POINTS", "QUESTIONS", "QA"):
        settings[f"{operation}_RESILIENCE_STRATEGY"] = "aggressive"
    settings.update(more)
    return settings


@pytest.fixture(scope="session", params=["nginx", "lighttpd"])
def server(request):
    return request.param


@pytest.fixture(scope="session")
def shared_house(server):
    with Standin() as provider:
        with Site(server, workers=4, settings=model_settings(provider)) as site:
            yield House(site, provider)


@pytest.fixture
def house(shared_house):
    """A house with a model that behaves; its log of attempts is empty."""
    shared_house.provider.reset()
    return shared_house


@pytest.fixture
def site(house):
    return house.site


@pytest.fixture(scope="session")
def local_site(server):
    """A site without any model."""
    with Site(server, workers=2) as running:
        yield running


@pytest.fixture
def fragile(server):
    """A house of its own, whose model may be broken."""
    with Standin() as provider:
        with Site(server, workers=2, settings=model_settings(provider)) as site:
            yield House(site, provider)


@pytest.fixture
def fresh_text():
    """A text that nothing has seen yet."""
    return (f"Report {next(numbers)} from the harbour. The storm closed it for three days. On the "
            "fourth day the boats came home with full nets and the town was happy. The mayor "
            "promised a new breakwater.")
