"""The status page in a browser, of an exporter that reads a real BIRD and a Felix page."""

from __future__ import annotations

import os
import pathlib
import re
import struct
import urllib.parse
import urllib.request
from collections.abc import Iterator

import attrs
import pytest

from calicometrics.testing import FakeEndpoint

from .browser import Browser
from .lab import Lab, Peering, established, wait_for
from .needs import npm_package
from .serving import Serving, get, serve

pytestmark = [pytest.mark.integration, pytest.mark.outside]

ROOT = pathlib.Path(__file__).parents[2]
FELIX = ROOT / "tests/data/founding/felix_metrics.prom"
PICTURE = ROOT / "docs/images/status-page.png"
AXE = "4.10.3"
HOSTILE = "<script>document.title='taken'</script><img src=x onerror=alert(1)>&lt;"
LIMITED = Peering(policy="import limit 2 action block;")
WIDTH, HEIGHT = 1280, 860

ROWS = "[...document.querySelectorAll('#peers tbody tr:not(.group)')]"
NAMES = f"{ROWS}.map(row => row.querySelector('th').firstChild.data)"


def row(name: str) -> str:
    """The text of a peer's row, as an expression."""
    return f"{ROWS}.find(row => row.querySelector('th').firstChild.data === '{name}').innerText"


@attrs.frozen
class Node:
    """What is looked at."""

    lab: Lab
    felix: FakeEndpoint
    serving: Serving


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Six peers: one says hostile things, one has a limit that is nearly reached, one is disabled."""
    with established(tmp_path_factory.mktemp("lab"), "2.0.12", peers=6) as lab:
        hostile, limited, disabled, *_ = lab.names
        lab.reconfigure("a", {hostile: Peering(session=f'description "{HOSTILE}";'), limited: LIMITED})
        lab.a.admin(f"restart {limited}")
        wait_for(lambda: lab.a.admin(f"show protocols all {limited}").count("2 imported"))
        lab.a.admin(f"disable {disabled}")
        with FakeEndpoint(FELIX.read_text(encoding="utf-8")) as felix:
            arguments = (f"--bird.socket=bird={lab.a.path}", f"--felix.url={felix.url}")
            with serve(*arguments) as serving:
                yield Node(lab, felix, serving)


@pytest.fixture
def browser(tmp_path: pathlib.Path) -> Iterator[Browser]:
    with Browser(tmp_path) as started:
        started.screen(WIDTH, height=HEIGHT)
        yield started


def without_complaints(browser: Browser, node: Node) -> None:
    """Check that the console is empty, and that nobody but the exporter was asked for anything."""
    browser.listen()
    assert browser.complaints == []
    others = [url for url in browser.requests if not url.startswith((f"{node.serving.url}/", "data:"))]
    assert others == []
    assert any(url.startswith(node.serving.url) for url in browser.requests)


def test_the_page_says_what_there_is_to_see(browser: Browser, node: Node) -> None:
    hostile, limited, disabled, *others = node.lab.names
    browser.open(f"{node.serving.url}/")
    assert browser.run("document.querySelector('h1').innerText") == "1 peer at or near a route limit"
    assert browser.run("document.title").startswith("1 peer at or near a route limit – ")  # noqa: RUF001 - en dash
    # Who is disabled comes first, then who is in danger, then the others by name.
    assert browser.run(NAMES) == [disabled, limited, hostile, *others]
    assert "Down" in browser.run(row(disabled))
    shown = browser.run(row(limited))
    assert "Established" in shown
    assert "import: 2 of 2, then block" in shown
    assert re.search(r"\d+ of 240 s", shown)
    for part, words in (
        ("daemons", "2.0.12"),
        ("felix", "felix_int_dataplane_apply_time_seconds"),
        ("felix", "in sync with the datastore"),
        ("collectors", "bird_protocols"),
    ):
        assert words in browser.run(f"document.getElementById('{part}').innerText"), part
    bars = browser.run(f"{ROWS}.map(row => row.querySelectorAll('meter').length)")
    assert bars == [0, 2, 1, 1, 1, 1]  # hold timers, and the limit
    without_complaints(browser, node)


def test_what_a_peer_is_called_stays_text(browser: Browser, node: Node) -> None:
    browser.open(f"{node.serving.url}/")
    assert HOSTILE in browser.run(row(node.lab.names[0]))
    assert browser.run("document.querySelectorAll('main img, main script').length") == 0
    assert not browser.run("document.title").startswith("taken")
    without_complaints(browser, node)


def test_a_script_that_is_not_the_pages_own_does_not_run(browser: Browser, node: Node) -> None:
    """Should markup ever get through, the policy is the second wall."""
    browser.open(f"{node.serving.url}/")
    browser.run(
        "const added = document.createElement('script'); added.textContent = 'window.ran = 1';"
        "document.body.append(added); 0"
    )
    assert browser.run("window.ran === undefined")
    browser.listen()
    assert any("Content Security Policy" in complaint for complaint in browser.complaints)


def test_the_page_needs_no_scripts(browser: Browser, node: Node) -> None:
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(f"{node.serving.url}/")
    root = browser.send("DOM.getDocument")["root"]["nodeId"]
    html = browser.send("DOM.getOuterHTML", nodeId=root)["outerHTML"]
    assert node.lab.names[0] in html
    assert '<meta http-equiv="refresh" content="30">' in html
    assert re.search(r'<button[^>]* hidden=""', html)  # it would do nothing


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing(browser: Browser, node: Node, width: int, dark: bool) -> None:
    """Contrast, names, roles, landmarks, headings, what can be reached: WCAG 2.2 AA, and best practices."""
    axe = (npm_package("axe-core", AXE) / "axe.min.js").read_text(encoding="utf-8")
    browser.screen(width, dark=dark)
    browser.open(f"{node.serving.url}/")
    browser.run(f"{axe}; 0")
    found = browser.run(
        "axe.run().then(done => ({"
        "violations: done.violations.map(each => [each.id, each.nodes.map(node => node.html).slice(0, 3)]),"
        "passed: done.passes.map(each => each.id)}))"
    )
    assert found["violations"] == []
    assert {"color-contrast", "document-title", "html-has-lang", "scrollable-region-focusable"} & set(
        found["passed"]
    ) >= {"color-contrast", "document-title", "html-has-lang"}
    assert browser.run("document.documentElement.scrollWidth <= window.innerWidth"), "scrolls sideways"


def test_everything_can_be_reached_and_seen_with_the_keyboard(browser: Browser, node: Node) -> None:
    browser.open(f"{node.serving.url}/")
    reached = []
    focused = (
        "(() => { const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();"
        "return [e.tagName, e.textContent.trim().slice(0, 20), style.outlineStyle, parseFloat(style.outlineWidth),"
        "box.left >= 0 && box.top >= 0]; })()"
    )
    for _ in range(6):
        browser.press("Tab", 9)
        tag, text, outline, thick, visible = browser.run(focused)
        assert (outline, visible) == ("solid", True), text
        assert thick >= 2, text
        reached.append((tag, text))
    assert reached == [
        ("A", "Skip to the peers"),
        *[("A", text) for text in ("Metrics", "Models", "Healthy", "Ready")],
        ("BUTTON", "Pause updates"),
    ]
    browser.press(" ", 32)
    assert browser.run("document.getElementById('pause').getAttribute('aria-pressed')") == "true"
    for _ in range(5):  # back to where the page begins
        browser.send(
            "Input.dispatchKeyEvent", type="rawKeyDown", key="Tab", windowsVirtualKeyCode=9, modifiers=8
        )
    browser.press("Enter", 13)
    assert browser.run("location.hash") == "#peers"
    without_complaints(browser, node)


def test_a_page_that_is_paused_asks_for_nothing(browser: Browser, node: Node) -> None:
    browser.open(f"{node.serving.url}/")
    browser.run("document.getElementById('pause').click()")
    browser.listen()
    asked = len(browser.requests)
    browser.run("new Promise(done => setTimeout(done, 7000))")  # updates come every five seconds
    assert len(browser.requests) == asked
    browser.run("document.getElementById('pause').click()")
    wait_for(lambda: (browser.listen(), len(browser.requests) > asked)[1])


def test_an_exporter_that_is_gone_is_told_and_one_that_is_back_too(
    tmp_path: pathlib.Path, browser: Browser
) -> None:
    """What the page shows is then old, which must not look like new."""
    with serve(f"--bird.socket=bird={tmp_path}/none.ctl", "--no-collector.felix_summaries") as first:
        port = int(first.url.rpartition(":")[2])
        browser.open(f"{first.url}/")
        assert browser.run("document.querySelector('h1').innerText").startswith("bird not read")
        assert "The peers of bird were not read in this round." in browser.run("document.body.innerText")
    browser.wait_for("document.getElementById('notice').innerText.startsWith('Not up to date: ')")
    assert browser.run("document.body.classList.contains('stale')")
    with serve(f"--bird.socket=bird={tmp_path}/none.ctl", "--no-collector.felix_summaries", port=port):
        browser.wait_for("document.getElementById('notice').innerText === ''")


def test_a_peer_that_goes_down_is_shown_first_without_a_reload(browser: Browser, node: Node) -> None:
    """What is focused and selected stays; the picture in the README is made here."""
    hostile, limited, disabled, *_, victim = node.lab.names
    browser.open(f"{node.serving.url}/")
    browser.run("window.loaded = 1; document.getElementById('pause').focus()")
    node.lab.b.admin(f"disable {victim}")
    browser.wait_for("document.querySelector('h1').innerText.startsWith('1 of 6 peers in trouble')")
    assert browser.run(NAMES)[:3] == [victim, disabled, limited]
    assert browser.run("document.querySelector('#peers tr.group').innerText") == "In trouble: 1"
    shown = browser.run(row(victim))
    assert "Established" not in shown
    assert "Received: Administrative shutdown" in shown
    assert browser.run("window.loaded") == 1
    assert browser.run("document.activeElement.id") == "pause"
    assert browser.run("document.title").startswith(
        "1 of 6 peers in trouble, 1 peer at or near a route limit"
    )
    without_complaints(browser, node)
    browser.run("document.activeElement.blur()")
    node.lab.reconfigure("a", {limited: LIMITED})  # the picture is of a node that has no hostile peer
    browser.wait_for("!document.body.innerText.includes('<script>')")
    picture = browser.screenshot(HEIGHT)
    assert size(picture) == (WIDTH, HEIGHT)
    if os.environ.get("CALICOMETRICS_PICTURES"):
        PICTURE.write_bytes(picture)
    node.lab.reconfigure("a", {hostile: Peering(session=f'description "{HOSTILE}";'), limited: LIMITED})
    node.lab.b.admin(f"enable {victim}")
    browser.wait_for("!document.querySelector('h1').innerText.includes('in trouble')", seconds=60)


def size(png: bytes) -> tuple[int, int]:
    """Width and height of a picture."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_the_picture_in_the_readme_is_of_that_size() -> None:
    assert "docs/images/status-page.png" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert size(PICTURE.read_bytes()) == (WIDTH, HEIGHT)


def test_the_page_is_one_file(node: Node) -> None:
    status, page = get(f"{node.serving.url}/", Accept="text/html")
    assert status == 200
    named = re.findall(r'(?:href|src)="([^"]*)"', page)
    for link in named:
        assert link.startswith(("./", "#", "data:image/svg+xml,")), link
        if link.startswith("./"):
            with urllib.request.urlopen(
                urllib.parse.urljoin(f"{node.serving.url}/", link), timeout=20
            ) as answer:
                assert answer.status == 200
    assert "@import" not in page
    assert "url(" not in page
