"""
The rights of the services, held against what the tests of this folder made them ask for.

Those run before, with exactly these rights; so the tests here say something only after all of them.
"""

import pytest

from support.audit import read_requests, refusals, service_account
from support.charts import SERVICES
from support.clusterworld import HOME, Platform
from support.servicerights import grants, service_of

ONLY_ADMISSION_ASKS = {"delete configmaps.core ", "delete deployments.apps "}
"""No request of the controller, but a condition of others: without them it could not take over an orphan."""


@pytest.fixture(autouse=True)
def after_all_others(request: pytest.FixtureRequest) -> None:
    chosen = request.config.option.keyword or any("::" in argument for argument in request.config.args)
    if chosen or request.session.testsfailed:
        pytest.skip("the tests that make the services ask were not all run, or failed")


def test_nothing_was_forbidden_to_a_service(platform: Platform) -> None:
    assert refusals(read_requests(platform.cluster.audit_log), service_account(HOME, "")) == []


@pytest.mark.parametrize("component", [service.component for service in SERVICES])
def test_a_service_has_no_right_that_it_does_not_use(platform: Platform, component: str) -> None:
    service = service_of(component)
    user = service_account(HOME, service.name)
    asked = [request for request in read_requests(platform.cluster.audit_log) if request.user == user]
    unused = [grant for grant in grants(platform.release, service) if not any(map(grant.allows, asked))]
    assert [str(grant) for grant in unused if str(grant) not in ONLY_ADMISSION_ASKS] == []
