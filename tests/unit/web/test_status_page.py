"""The status page: what it says of a round, and that nothing of the network becomes markup."""

from __future__ import annotations

import base64
import hashlib
import pathlib
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from calicometrics.bird.recorded import RecordedBird
from calicometrics.rounds import CollectorResult, Round
from calicometrics.snapshot import Snapshot
from calicometrics.sources import FileSource
from calicometrics.web.status_page import CONTENT_SECURITY_POLICY, StatusPage, peers
from calicometrics.web.status_page.markup import Markup, element, joined, void

DATA = pathlib.Path(__file__).parents[2] / "data"
GOOD = CollectorResult("bird_status", success=True, duration=0.0123)
BAD = CollectorResult("felix<script>", success=False, duration=2.0, errors=("cannot read <b>", "and & more"))
EPOCH = 1795408375.0  # the server time of the recordings of that name
VOID = {"meta", "link"}


class Outline(HTMLParser):
    """Collects links, text and attributes, and checks that elements nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.names: list[str] = []
        self.meters: list[dict[str, str | None]] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.names.append(tag)
        self.links += [value or "" for name, value in attributes if name in {"href", "src"}]
        if tag == "meter":
            self.meters.append(dict(attributes))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and not {"style", "script"} & set(self.open):
            self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " | ".join(self.words)

    @property
    def verdict(self) -> str:
        """The first sentence; the title, which says it too, is in front of it."""
        return next(word for word in self.words[1:] if self.words[0].startswith(f"{word} –"))  # noqa: RUF001 - en dash


def replies(recording: str, **changed: str) -> RecordedBird:
    found = {
        path.stem.replace("_", " "): path.read_text(encoding="utf-8")
        for path in (DATA / "bird" / recording).glob("show_*.raw")
    }
    return RecordedBird(found | {name.replace("_", " "): text for name, text in changed.items()})


@pytest.fixture
def outline(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outline]:
    """Make the page of a round that has read daemons, by their names, and maybe Felix."""

    def make(
        *results: CollectorResult,
        felix: pathlib.Path | None = None,
        now: float = EPOCH,
        **birds: RecordedBird,
    ) -> Outline:
        monkeypatch.setattr("calicometrics.snapshot.time.time", lambda: now)
        snapshot = Snapshot(birds, {} if felix is None else {"felix": FileSource(felix)})
        list(snapshot.status())
        if felix is not None:
            snapshot.page("felix")
        return Outline(StatusPage()(Round((), results or (GOOD,), snapshot, now)))

    return make


def test_the_policy_knows_the_pages_own_style_and_script_by_their_hashes() -> None:
    page = StatusPage()(Round((), (GOOD,), Snapshot(), 1.0))
    for name in ("style", "script"):
        (content,) = re.findall(rf"<{name}>(.*?)</{name}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert " style=" not in page
    assert not re.search(r"<[^>]* on\w+=", page)


def test_links_are_relative_to_where_a_proxy_puts_the_page() -> None:
    taken = Round((), (GOOD,), Snapshot(), 1.0)
    with_json = Outline(StatusPage("/telemetry")(taken))
    assert with_json.links[1:] == ["#peers", "./telemetry", "./json", "./-/healthy", "./-/ready"]
    assert with_json.links[0].startswith("data:image/svg+xml,")
    assert "./json" not in Outline(StatusPage(has_json=False)(taken)).links


def test_what_a_round_without_peers_says() -> None:
    outline = Outline(StatusPage()(Round((), (GOOD,), Snapshot(), 86400.0)))
    assert outline.verdict == "All is well: there are no BGP peers"
    assert "There are no BGP peers." in outline.words
    assert "No daemon is configured." in outline.words
    assert "1970-01-02 00:00:00 UTC" in outline.words


def test_each_collector_has_its_outcome_its_duration_and_its_errors() -> None:
    outline = Outline(StatusPage()(Round((), (GOOD, BAD), Snapshot(), 1.0)))
    assert outline.verdict == "1 collector failed"
    assert outline.words[outline.words.index("bird_status") :] == [
        *("bird_status", "●", "good", "12 ms"),
        *("felix<script>", "▲", "failed", "cannot read <b>", "and & more", "2000 ms"),
    ]


def test_of_many_errors_the_first_are_shown_and_the_others_counted() -> None:
    result = CollectorResult("x", success=False, duration=0, errors=tuple(f"error {n}" for n in range(13)))
    words = Outline(StatusPage()(Round((), (result,), Snapshot(), 1.0))).words
    assert words[-3:] == ["error 9", "and 3 more", "0 ms"]


def test_peers_in_trouble_come_first_with_what_is_wrong(outline: Callable[..., Outline]) -> None:
    """1.6.8/errors has three peers in trouble, as tests/data/status shows them too."""
    page = outline(bird=replies("1.6.8/errors"), now=1795429853.0)
    names = [
        word for word in page.words if re.fullmatch(r"In trouble: \d+|Established: \d+|Disabled.*", word)
    ]
    assert names[0].startswith("In trouble: ")
    assert page.verdict.startswith(f"{names[0].split()[-1]} of ")
    assert "Received:" in page.text or "BGP Error:" in page.text


def test_a_hold_timer_is_a_bar_that_empties_and_is_marked_when_it_is_nearly_out(
    outline: Callable[..., Outline],
) -> None:
    text = (DATA / "bird/3.3.2/epoch/show_protocols_all.raw").read_text(encoding="utf-8")
    timer = re.search(r"Hold timer: +([\d.]+)/(\d+)", text)
    assert timer is not None
    normal = outline(bird=replies("3.3.2/epoch"))
    bars = [bar for bar in normal.meters if bar["aria-label"] == "Hold timer"]
    assert (bars[0]["value"], bars[0]["max"]) == (str(float(timer[1])), str(float(timer[2])))
    assert "nearly out" not in normal.verdict
    low = outline(
        bird=replies("3.3.2/epoch", show_protocols_all=text.replace(timer[0], "Hold timer: 59.9/240"))
    )
    assert "1 hold timer nearly out" in low.verdict
    at = low.words.index("60 of 240 s")
    assert low.words[at - 1] == "▲"


ROUTES = "     Routes:         5 imported, 2 exported, 0 preferred\n"


@pytest.mark.parametrize(
    ("line", "shown", "near"),
    [
        ("Import limit:   1000", "import: 5 of 1000, then block", False),
        ("Import limit:   5", "import: 5 of 5, then block", True),
        ("Export limit:   2", "export: 2 of 2, then block", True),
        ("Receive limit:  1000", "receive: 1000, then block", False),
        ("Receive limit:  1000 [HIT]", "receive: 1000, then block; hit", True),
    ],
)
def test_a_limit_says_how_far_it_is_and_is_marked_when_it_is_near(
    outline: Callable[..., Outline], line: str, shown: str, near: bool
) -> None:
    """In the recording itself one peer has hit its limit; it does not tell what it has filtered."""
    text = (DATA / "bird/3.3.2/epoch/show_protocols_all.raw").read_text(encoding="utf-8")
    assert text.count(ROUTES) == 1
    changed = text.replace(ROUTES, f"     {line}\n       Action:       block\n{ROUTES}")
    page = outline(bird=replies("3.3.2/epoch", show_protocols_all=changed))
    assert shown in page.words
    assert f"{'2 peers' if near else '1 peer'} at or near a route limit" in page.verdict


def test_names_and_descriptions_are_text_and_control_characters_are_shown(
    outline: Callable[..., Outline],
) -> None:
    text = (DATA / "bird/3.3.2/epoch/show_protocols_all.raw").read_text(encoding="utf-8")
    hostile = '<script>alert(1)</script>" onload="x\x1b[2J'
    changed = re.sub(r"Description: .*", lambda _: f"Description:    {hostile}", text)
    assert changed != text
    page = outline(bird=replies("3.3.2/epoch", show_protocols_all=changed))
    assert page.names.count("script") == 1
    assert '<script>alert(1)</script>" onload="x\\x1b[2J' in page.words


def test_no_more_rows_are_shown_than_a_browser_likes(
    outline: Callable[..., Outline], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = outline(bird=replies("1.6.8/errors"), now=1795429853.0)
    count = int(re.findall(r" of (\d+) peers", whole.verdict)[0])
    monkeypatch.setattr(peers, "MOST_ROWS", 1)
    page = outline(bird=replies("1.6.8/errors"), now=1795429853.0)
    assert (
        f"{count - 1} more peers are not shown here; `calicometrics status` and the models have all."
        in page.words
    )
    assert page.verdict == whole.verdict


def test_a_daemon_that_was_not_read_is_missing_not_empty(outline: Callable[..., Outline]) -> None:
    page = outline(bird=replies("3.3.2/epoch"), bird6=RecordedBird({}))
    assert "bird6 not read" in page.verdict
    assert "The peers of bird6 were not read in this round." in page.words
    assert "was not read in this round" in page.words[page.words.index("BIRD daemons") :]
    alone = outline(bird6=RecordedBird({}))
    assert "There are no BGP peers." not in alone.words


def test_a_daemon_that_recovers_says_for_whom_it_waits(outline: Callable[..., Outline]) -> None:
    """2.0.12/recovery: BIRD was started with -R a moment ago."""
    page = outline(bird=replies("2.0.12/recovery"))
    assert any(word.startswith("recovers from a restart, waits for ") for word in page.words)


def test_established_peers_alone_are_well(outline: Callable[..., Outline]) -> None:
    text = (DATA / "founding/birdc_show_protocols_all.raw").read_text(encoding="utf-8")
    page = outline(bird=replies("1.6.8/calico-mixed", show_protocols_all=text))
    assert page.verdict == "All is well: 1 of 1 peer established"


def test_peers_that_no_collector_wanted_are_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calicometrics.snapshot.time.time", lambda: EPOCH)
    snapshot = Snapshot({"bird": replies("3.3.2/epoch")})
    list(snapshot.status())
    snapshot.close()  # as the exporter does at the end of a round
    page = Outline(StatusPage()(Round((), (GOOD,), snapshot, EPOCH)))
    assert page.verdict == "All is well, as far as this round has read"
    assert "The peers of bird were not read in this round." in page.words


def test_a_daemon_whose_status_nobody_read_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calicometrics.snapshot.time.time", lambda: EPOCH)
    found = (DATA / "bird/3.3.2/epoch/show_protocols_all.raw").read_text(encoding="utf-8")
    bird = RecordedBird({"show protocols all": found})
    page = Outline(StatusPage()(Round((), (GOOD,), Snapshot({"bird": bird}), EPOCH)))
    rows = page.words[page.words.index("BIRD daemons") :]
    assert rows[rows.index("bird") + 1 :][:2] == ["●", "answers"]


def test_felix_has_its_state_and_its_summaries(outline: Callable[..., Outline]) -> None:
    page = outline(felix=DATA / "founding/felix_metrics.prom")
    assert "Felix on master-1: in sync with the datastore." in page.words
    rows = page.words[page.words.index("felix_int_dataplane_apply_time_seconds") :]
    # 0.5, 0.9 and 0.99 of felix_int_dataplane_apply_time_seconds in the founding document.
    text = (DATA / "founding/felix_metrics.prom").read_text(encoding="utf-8")
    count = re.search(r"^felix_int_dataplane_apply_time_seconds_count (\S+)", text, re.MULTILINE)
    assert count is not None
    assert rows[1] == f"{float(count[1]):.0f}"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("felix_resync_state 3", "in sync with the datastore"),
        ("felix_resync_state 2", "resyncing with the datastore"),
        ("felix_resync_state 1", "waiting for the datastore to be ready"),
        ("felix_resync_state 0", "has never said how it stands with the datastore"),
        ("felix_resync_state 7", "in a state that is not known"),
        ("felix_other 1", "does not say how it stands with the datastore"),
    ],
)
def test_felix_state_in_words(
    outline: Callable[..., Outline], tmp_path: pathlib.Path, changed: str, said: str
) -> None:
    file = tmp_path / "felix.prom"
    file.write_text(f"# TYPE {changed.split(maxsplit=1)[0]} gauge\n{changed}\n")
    page = outline(felix=file)
    assert said in page.text
    assert "Its page has no summaries." in page.words
    assert page.verdict.startswith("All is well") is (said == "in sync with the datastore")


def test_summaries_have_the_unit_of_their_name_and_idle_ones_say_so(
    outline: Callable[..., Outline], tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "felix.prom"
    summaries = {
        "felix_a_seconds": ("0.0123", 4, "0.04"),
        "felix_b_micros": ("1500000", 1, "1500000"),
        "felix_c_calls": ("12345.6", 2, "4"),
        "felix_d_seconds": ("NaN", 0, "0"),
    }
    file.write_text(
        "".join(
            f'# TYPE {name} summary\n{name}{{quantile="0.5"}} {q}\n{name}_sum {total}\n{name}_count {count}\n'
            for name, (q, count, total) in summaries.items()
        )
    )
    words = outline(felix=file).words
    rows = words[words.index("felix_a_seconds") :]
    assert rows[:4] == ["felix_a_seconds", "4", "10 ms", "12.3 ms"]
    assert rows[4:8] == ["felix_b_micros", "1", "1.5 s", "1.5 s"]
    assert rows[8:12] == ["felix_c_calls", "2", "2", "1.235e+04"]
    assert rows[12:14] == ["felix_d_seconds", "0"]
    assert rows[15] == "idle"


def test_a_felix_page_that_was_not_read_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    snapshot = Snapshot({}, {"felix": FileSource(tmp_path / "none")})
    page = Outline(StatusPage()(Round((), (BAD,), snapshot, 1.0)))
    assert "Felix's page was not read in this round." in page.words


def test_text_is_escaped_wherever_it_becomes_markup() -> None:
    assert element("p", "<b>", Markup("<i></i>"), title='"&') == '<p title="&quot;&amp;">&lt;b&gt;<i></i></p>'
    assert void("meta", content="<") == '<meta content="&lt;">'
    assert joined(["a & b", Markup("<br>")], " ") == "a &amp; b <br>"
    assert element("p", "\x00\u202e") == "<p>\\x00\\u202e</p>"
    assert (
        element("td", hidden=True, title=None, class_="x", data_label="L")
        == '<td hidden class="x" data-label="L"></td>'
    )
