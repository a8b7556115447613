"""The portal in a real browser, on a local platform."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from support.axecore import axe_core
from support.localplatform import LocalPlatform, deploy, eventually
from support.portalpage import Visitor, chromium

GOOD = 'def handle(event, context):\n    print("heard", event["data"])\n    return "fine"\n'
BROKEN = "def handle(event, context):\n    return 1 +\n"
REFUSING = 'def run(event, context):\n    raise ValueError("not today")\n'
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>{{ constructor.constructor('alert(3)')() }}"

_FOCUS = """() => {
  const at = document.activeElement, field = at.closest(".q-field");
  const style = getComputedStyle(at.closest(".editor") ?? at);
  const shows = style.outlineStyle !== "none" || style.boxShadow !== "none"
    || Boolean(field?.classList.contains("q-field--focused"));
  const copy = at.cloneNode(true);
  copy.querySelectorAll(".q-icon").forEach((icon) => icon.remove());
  return {name: (at.getAttribute("aria-label") || copy.textContent).trim(), role: at.getAttribute("role") ?? "", shows};
}"""
"""What the focus is on, and whether that can be seen."""

_CALM = """() => !document.querySelector('[class*=q-transition][class*=-active]')
  && document.getAnimations().every((each) => each.effect?.getComputedTiming().iterations === Infinity)"""
"""Whether nothing comes or goes: what is half there has half its colours."""

Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    local = LocalPlatform(tmp_path_factory.mktemp("portal"))
    local.up(portal=True)
    yield local
    local.down()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture
def visit(platform: LocalPlatform, browser: Any) -> Iterator[Visit]:
    visitors: list[Visitor] = []

    def enter(**window: Any) -> Visitor:
        visitor = Visitor(browser, platform.status["addresses"]["portal"], **window)
        visitors.append(visitor)
        return visitor

    yield enter
    for visitor in visitors:
        visitor.close()


def test_a_function_is_deployed_broken_mended_called_and_deleted(visit: Visit) -> None:
    visitor = visit()
    page = visitor.open()
    page.get_by_role("button", name="Deploy a function").click()
    page.get_by_label("Name", exact=True).fill("Not A Name")
    page.get_by_text("Use lower case letters").wait_for()
    page.get_by_label("Name", exact=True).fill("first")
    page.get_by_role("button", name="Deploy", exact=True).click()
    page.wait_for_url("**/functions/default/first")
    page.locator(".state-ready", has_text="Ready").wait_for()

    visitor.type_code(BROKEN)
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".cm-line.error-line", has_text="return 1 +").wait_for()
    page.get_by_text("Saved, and it does not work").wait_for()
    visitor.picture("error")

    visitor.type_code(GOOD)
    page.keyboard.press("Control+s")
    page.get_by_text("Saved and ready").wait_for()
    assert page.locator(".cm-line.error-line").count() == 0
    visitor.picture("code")

    page.get_by_role("tab", name="Run").click()
    page.get_by_label("Body").fill('{"tea": true}')
    page.get_by_role("button", name="Call").click()
    page.get_by_text("200 in").first.wait_for()
    assert page.get_by_label("Answer", exact=True).inner_text() == "fine"
    visitor.picture("run")

    page.get_by_role("tab", name="Logs").click()
    page.get_by_text("heard {'tea': True}").wait_for()
    visitor.picture("logs")

    page.get_by_role("tab", name="YAML").click()
    page.get_by_text("kind: Function").wait_for()

    page.get_by_role("button", name="Delete", exact=True).click()
    confirm = page.get_by_role("button", name="Delete it")
    page.get_by_role("dialog").get_by_label("Name").fill("other")
    assert confirm.is_disabled()
    page.get_by_role("dialog").get_by_label("Name").fill("first")
    confirm.click()
    page.wait_for_url(visitor.url + "/")


def test_the_table_follows_the_cluster(visit: Visit, platform: LocalPlatform) -> None:
    visitor = visit()
    page = visitor.open()
    page.get_by_label("Filter functions").fill("livel")
    deploy(platform, "lively", "def run(event, context):\n    return 1\n")
    row = page.locator("tr", has=page.get_by_role("link", name="lively"))
    row.get_by_text("Ready", exact=True).wait_for()
    visitor.picture("functions")
    platform.kubeless("function", "delete", "lively")
    page.get_by_text("No function matches").or_(page.get_by_text("No functions yet")).wait_for()


def test_the_second_of_two_people_is_shown_the_difference(visit: Visit, platform: LocalPlatform) -> None:
    deploy(platform, "shared", "def run(event, context):\n    return 1\n")
    one, two = visit(), visit()
    for visitor in (one, two):
        visitor.open("/functions/default/shared").locator(".state-ready", has_text="Ready").wait_for()
    one.type_code("def run(event, context):\n    return 'one'\n")
    two.type_code("def run(event, context):\n    return 'two'\n")
    one.page.get_by_role("button", name="Save", exact=True).click()
    one.page.get_by_text("Saved and ready").wait_for()

    two.page.get_by_role("button", name="Save", exact=True).click()
    two.page.get_by_text("-    return 'one'").wait_for()
    two.page.get_by_text("+    return 'two'").wait_for()
    two.picture("conflict")
    assert "'one'" in platform.kubeless("function", "call", "shared").stdout or platform.kubeless(
        "function", "call", "shared"
    ).stdout.startswith("one")

    two.page.get_by_role("button", name="Save mine").click()
    two.page.get_by_text("Saved and ready").wait_for()
    eventually(lambda: platform.kubeless("function", "call", "shared").stdout.startswith("two"))


def test_a_function_that_is_deleted_while_it_is_edited_is_deployed_anew(visit: Visit, platform: LocalPlatform) -> None:
    deploy(platform, "fleeting", "def run(event, context):\n    return 'old'\n")
    visitor = visit()
    page = visitor.open("/functions/default/fleeting")
    page.locator(".state-ready", has_text="Ready").wait_for()
    visitor.type_code("def run(event, context):\n    return 'kept'\n")
    platform.kubeless("function", "delete", "fleeting")
    page.get_by_text("you can deploy it anew").wait_for()
    page.get_by_role("button", name="Deploy anew").click()
    page.get_by_text("Saved and ready").wait_for()
    page.get_by_role("button", name="Save", exact=True).wait_for()
    assert platform.kubeless("function", "call", "fleeting").stdout.startswith("kept")


def test_a_schedule_shows_its_next_times_and_fires(visit: Visit, platform: LocalPlatform) -> None:
    deploy(platform, "tick", 'def run(event, context):\n    print("ticked")\n    return "ok"\n')
    visitor = visit()
    page = visitor.open("/triggers?namespace=default")
    _new_trigger(page, "Schedule", "hourly")
    page.get_by_label("Schedule", exact=True).fill("nonsense")
    page.get_by_text("nonsense").last.wait_for()
    page.get_by_label("Schedule", exact=True).fill("0 * * * *")
    page.get_by_text("Due next:").wait_for()
    assert page.get_by_text("Due next:").inner_text().count(":00:00") == 5
    page.get_by_label("Function", exact=True).fill("tick")
    visitor.picture("trigger")
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("button", name="hourly").click()
    page.get_by_role("button", name="Fire now").click()
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("delivered, status 200").wait_for()
    assert "ticked" in platform.kubeless("function", "logs", "tick").stdout


@pytest.mark.parametrize(("kind", "field", "source"), [("Kafka", "Topic", "orders"), ("NATS", "Subject", "news.new")])
def test_a_trigger_is_created_and_its_event_arrives(
    visit: Visit, platform: LocalPlatform, kind: str, field: str, source: str
) -> None:
    name = f"to-{kind.lower()}"
    deploy(platform, f"hear{kind.lower()}", 'def run(event, context):\n    print("heard", event["data"])\n')
    if kind == "Kafka":
        platform.kubeless("topic", "create", source)
    visitor = visit()
    page = visitor.open("/triggers?namespace=default")
    _new_trigger(page, kind, name)
    page.get_by_label(field, exact=True).fill(source)
    page.get_by_label("Functions (labels)").fill(f"function=hear{kind.lower()}")
    page.get_by_role("button", name="Create", exact=True).click()
    row = page.locator("tr", has=page.get_by_role("button", name=name))
    row.locator(".state-ready").wait_for()
    page.get_by_role("button", name=name).click()
    page.get_by_role("button", name="Send a test event").click()
    page.get_by_label("Body").fill("a test")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Sent; see").wait_for()
    eventually(lambda: "a test" in platform.kubeless("function", "logs", f"hear{kind.lower()}").stdout)
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.get_by_role("button", name=name).click()
    page.get_by_role("button", name="Suspend").click()
    row.get_by_text("Suspended").wait_for()
    visitor.picture("triggers")


def test_a_route_with_a_conflict_is_told_before_it_is_created(visit: Visit, platform: LocalPlatform) -> None:
    deploy(platform, "doored", "def run(event, context):\n    return 'in'\n")
    platform.kubeless("trigger", "http", "create", "door", "--function-name", "doored", "--path", "door")
    host = platform.kubectl("get", "httptrigger", "door", "-o", "jsonpath={.spec.host-name}").stdout
    page = visit().open("/triggers?namespace=default")
    page.get_by_role("button", name="door", exact=True).wait_for()
    _new_trigger(page, "HTTP", "other-door")
    page.get_by_label("Host").fill(host)
    page.get_by_label("Path").fill("/door")
    page.get_by_text("the older trigger wins").wait_for()


def test_a_route_is_created_changed_suspended_and_resumed(visit: Visit, platform: LocalPlatform) -> None:
    deploy(platform, "routed", "def run(event, context):\n    return 'came in'\n")

    def comes_in(path: str) -> bool:
        return platform.http("POST", path, host="routed.example").body == "came in"

    page = visit().open("/triggers?namespace=default")
    _new_trigger(page, "HTTP", "routed")
    page.get_by_label("Host").fill("routed.example")
    page.get_by_label("Path").fill("/one")
    page.get_by_label("Function", exact=True).fill("routed")
    page.get_by_role("button", name="Create", exact=True).click()
    eventually(lambda: comes_in("/one"))

    _act_on(page, "routed", "Edit")
    page.get_by_label("Path").fill("/two")
    page.get_by_role("button", name="Save", exact=True).click()
    eventually(lambda: comes_in("/two"))
    assert not comes_in("/one")

    _act_on(page, "routed", "Suspend")
    row = page.locator("tr", has=page.get_by_role("button", name="routed"))
    row.get_by_text("Suspended").wait_for()
    eventually(lambda: not comes_in("/two"))
    _act_on(page, "routed", "Resume")
    row.get_by_text("Suspended").wait_for(state="detached")
    eventually(lambda: comes_in("/two"))


def test_charts_and_events_of_a_function_in_both_looks(visit: Visit, platform: LocalPlatform) -> None:
    deploy(platform, "charted", "def run(event, context):\n    return 'fine'\n")
    visitor = visit(color_scheme="dark")
    page = visitor.open("/functions/default/charted")
    page.locator("body.body--dark").wait_for()
    page.locator(".editor .cm-content").first.wait_for()
    eventually(lambda: _lightness(page, ".editor .cm-editor") < 80)
    _turn(page, dark=False)
    eventually(lambda: _lightness(page, ".editor .cm-editor") > 200)
    _turn(page, dark=True)

    page.get_by_role("tab", name="Charts").click()
    page.get_by_text("calls and").wait_for()
    eventually(lambda: platform.kubeless("function", "call", "charted") and _has_calls(page))
    assert page.locator(".chart canvas, .chart svg").count() == 4
    visitor.picture("charts")
    page.get_by_role("tab", name="Events").click()
    page.get_by_role("cell", name="Scaled up replica set charted").wait_for()
    _turn(page, dark=False)
    visitor.picture("events")


def test_a_dead_letter_is_looked_into_and_delivered_again(visit: Visit, platform: LocalPlatform) -> None:
    deploy(platform, "picky", REFUSING)
    platform.kubeless("topic", "create", "hard")
    platform.kubectl(
        "apply",
        "-f",
        "-",
        stdin="apiVersion: kubeless.io/v1beta1\nkind: KafkaTrigger\nmetadata: {name: hard, namespace: default}\n"
        "spec: {topic: hard, functionSelector: {matchLabels: {function: picky}}, "
        "delivery: {retry: {maxAttempts: 1}}}\n",
    )
    platform.kubeless("topic", "publish", "--topic", "hard", "--data", HOSTILE)
    eventually(lambda: "picky" in platform.kubeless("deadletter", "list", "hard").stdout, within=40)
    visitor = visit()
    page = visitor.open("/dead-letters?namespace=default")
    page.locator("tr", has_text="picky").locator(".q-checkbox").click()
    visitor.picture("deadletters")
    page.get_by_role("button", name="Look inside").click()
    page.get_by_text(HOSTILE).wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    deploy(platform, "picky", "def run(event, context):\n    return 'ok'\n", verb="update")
    page.get_by_role("button", name="Deliver again").click()
    page.get_by_text("1 of 1 delivered").wait_for()
    visitor.open("/overview?namespace=default").get_by_text("Needs attention").wait_for()
    page.get_by_role("cell", name="Kafka: hard").wait_for()
    visitor.picture("overview")


def test_what_others_wrote_is_never_run(visit: Visit, platform: LocalPlatform) -> None:
    code = f"def run(event, context):\n    print({HOSTILE!r})\n    return {HOSTILE!r}\n"
    deploy(platform, "evil", code, "--env", f"X={HOSTILE}")
    platform.kubectl("annotate", "function", "evil", f"note={HOSTILE}")
    visitor = visit()
    page = visitor.open("/functions/default/evil")
    page.get_by_role("tab", name="Run").click()
    page.get_by_label("Headers", exact=True)
    page.get_by_role("button", name="Call").click()
    page.get_by_text("200 in").first.wait_for()
    assert page.get_by_label("Answer", exact=True).inner_text() == HOSTILE
    for tab, text in (("Logs", HOSTILE), ("YAML", "note:")):
        page.get_by_role("tab", name=tab).click()
        page.get_by_text(text).first.wait_for()
    assert page.evaluate("document.querySelectorAll('img[src=x]').length") == 0


def test_a_long_answer_and_a_flood_of_logs_leave_the_page_usable(visit: Visit, platform: LocalPlatform) -> None:
    deploy(
        platform,
        "loud",
        "def run(event, context):\n"
        "    for number in range(50_000):\n"
        "        print(number, 'x' * 90)\n"
        "    return 'y' * 1_000_000\n",
    )
    page = visit().open("/functions/default/loud")
    page.get_by_role("tab", name="Logs").click()
    page.get_by_role("tab", name="Run").click()
    page.get_by_role("button", name="Call").click()
    page.get_by_text("1000000 bytes in all").wait_for()
    page.get_by_role("tab", name="Logs").click()
    page.get_by_text("lines are not shown").first.wait_for()
    page.get_by_text("49999 xxx").wait_for()


def test_a_narrow_window_has_nothing_beside_it(visit: Visit, platform: LocalPlatform) -> None:
    visitor = visit(width=400, height=800)
    for path in ("/", "/triggers", "/dead-letters", "/overview"):
        page = visitor.open(path)
        page.get_by_role("heading").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, path
    visitor.open("/").get_by_role("link", name="evil").wait_for()
    visitor.picture("narrow")


@pytest.mark.parametrize("look", ["light", "dark"])
def test_axe_finds_no_serious_violation(visit: Visit, platform: LocalPlatform, look: str) -> None:
    deploy(platform, f"plain-{look}", "def run(event, context):\n    return 'fine'\n")
    visitor = visit()
    page = visitor.open()
    _turn(page, dark=look == "dark")
    for path, text in (("/", "plain"), ("/dead-letters", "dead letters"), ("/overview", "Needs attention")):
        visitor.open(path).get_by_text(text).last.wait_for()
        _check_with_axe(page)
    visitor.open(f"/functions/default/plain-{look}").locator(".state-ready", has_text="Ready").wait_for()
    for tab in ("Code", "Run", "Logs", "Charts", "Triggers", "Events", "YAML"):
        page.get_by_role("tab", name=tab).click()
        page.locator(f".q-tab--active:has-text('{tab}')").wait_for()
        _check_with_axe(page)
    visitor.open("/triggers")
    _new_trigger(page, "Schedule", "nobody")
    page.get_by_label("Schedule", exact=True).fill("nonsense")
    page.get_by_text("nonsense").last.wait_for()
    # What is scrolled out of sight in a dialog axe takes for text on the grey that is behind it.
    _check_with_axe(page, colours=False)
    visitor.open()
    _turn(page, dark=False)


def test_everything_is_within_reach_of_the_keyboard(visit: Visit, platform: LocalPlatform) -> None:
    visitor = visit()
    page = visitor.open()
    page.get_by_role("button", name="Deploy a function").wait_for()
    _tab_to(page, "Skip to content")
    _tab_to(page, "Name")
    page.keyboard.press("Enter")
    page.locator("th.sort-desc", has_text="Name").wait_for()
    _tab_to(page, "Deploy a function", back=True)
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.matches('[role=dialog] input[aria-label=Name]')")
    page.keyboard.type("by-keyboard")
    _tab_to(page, "Deploy")
    page.keyboard.press("Enter")
    page.wait_for_url("**/functions/default/by-keyboard")
    page.locator(".state-ready", has_text="Ready").wait_for()

    _tab_to(page, "Code", role="textbox")
    page.keyboard.press("Control+End")
    page.keyboard.type("# more")
    page.keyboard.press("Escape")  # what it would complete goes away
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.cm-editor')") is None
    _tab_to(page, "Save", back=True)
    page.keyboard.press("Enter")
    page.get_by_text("Saved and ready").wait_for()
    _tab_to(page, "Code", role="tab", back=True)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_label("Body").wait_for()
    _tab_to(page, "Call")
    page.keyboard.press("Enter")
    page.get_by_text("200 in").first.wait_for()

    visitor.open("/triggers?namespace=default").get_by_role("button", name="Create a trigger").wait_for()
    _tab_to(page, "Create a trigger")
    page.keyboard.press("Enter")
    page.locator(".q-menu").wait_for()


def _act_on(page: Any, trigger: str, action: str) -> None:
    page.get_by_role("button", name=trigger, exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name=action, exact=True).click()


def _turn(page: Any, *, dark: bool) -> None:
    """Choose the look."""
    page.get_by_role("button", name="Light or dark").wait_for()
    if page.locator("body.body--dark").count() != dark:
        page.get_by_role("button", name="Light or dark").click()
    page.locator("body.body--dark" if dark else "body:not(.body--dark)").wait_for()


def _check_with_axe(page: Any, *, colours: bool = True) -> None:
    page.wait_for_function(_CALM)
    page.evaluate(axe_core())
    options = {"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": colours}}}
    found = page.evaluate("(options) => axe.run(document, options)", options)
    serious = [each for each in found["violations"] if each["impact"] in {"serious", "critical"}]
    told = [(each["id"], [node["html"][:160] for node in each["nodes"][:3]]) for each in serious]
    assert told == [], page.url


def _tab_to(page: Any, name: str, *, role: str = "", back: bool = False) -> None:
    """Press Tab until the focus is on what has this name; it must be seen there."""
    passed = []
    for _ in range(80):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        focus = page.evaluate(_FOCUS)
        if focus["name"] == name and role in ("", focus["role"]):
            assert focus["shows"], f"the focus on {name} cannot be seen"
            return
        passed.append(focus["name"])
    pytest.fail(f"Tab does not come to {name}, but to {passed}")


def _lightness(page: Any, selector: str) -> int:
    """How light the background is, 0 to 255."""
    colour = page.evaluate(f"getComputedStyle(document.querySelector({selector!r})).backgroundColor")
    return int(colour.partition("(")[2].partition(",")[0])


def _has_calls(page: Any) -> bool:
    return not page.get_by_text("calls and").inner_text().startswith("0.00 calls")


def _new_trigger(page: Any, kind: str, name: str) -> None:
    page.get_by_role("button", name="Create a trigger").click()
    page.get_by_role("menuitem", name=kind, exact=True).or_(
        page.locator(".q-menu .q-item", has_text=kind)
    ).first.click()
    page.get_by_label("Name", exact=True).fill(name)
