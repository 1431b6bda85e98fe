"""What the exporter takes for the largest input that it accepts: the figures of docs/reliability.md."""

from __future__ import annotations

import pathlib
import random
import re

import pytest

from calicometrics.testing import FakeBird, FakeEndpoint

from .serving import Serving, serve, value

pytestmark = pytest.mark.integration

DATA = pathlib.Path(__file__).parents[1] / "data"
STATUS = (DATA / "bird/1.6.8/errors/show_status.raw").read_text(encoding="utf-8")
HEADER = "2002-name     proto    table    state  since       info\n"
PROTOCOL = "1002-{name} BGP      master   up     10:00:00    Established\n"
SMALL_PAGE = "# TYPE felix_a gauge\nfelix_a 1\n"

# The bounds of this test, and bytes of memory for one of each at most.
BOUNDS = {
    "bird.max-reply": 8_000_000,
    "bird.max-lines": 200_000,
    "bird.max-protocols": 10_000,
    "felix.max-page": 8_000_000,
    "felix.max-lines": 200_000,
    "felix.max-families": 5_000,
    "felix.max-samples": 20_000,
}
COSTS = {
    "bird.max-reply": 8,
    "bird.max-lines": 200,
    "bird.max-protocols": 5_000,
    "felix.max-page": 10,
    "felix.max-lines": 200,
    "felix.max-families": 4_000,
    "felix.max-samples": 2_000,
}
BASE = 50_000_000


def protocols(count: int, body: str = "") -> str:
    return HEADER + "".join(PROTOCOL.format(name=f"p{n}") + body for n in range(count)) + "0000 \n"


def distinct(count: int) -> str:
    """Established peers as BIRD 2 prints them, of which no two have a number in common."""
    text = (DATA / "bird/2.0.12/calico-mixed/show_protocols_all.raw").read_text(encoding="utf-8")
    begin = text.index("1002-Node_10_9_0_2")
    block = text[begin : text.index("\n \n", begin) + 3]
    chance = random.Random(1)

    def other(_: re.Match[str]) -> str:
        return str(chance.randrange(10**6))

    peers = (
        re.sub(r"(?<=[ /])\d+(?=[ /\n])", other, block.replace("Node_10_9_0_2", f"Node_{n}"))
        for n in range(count)
    )
    return HEADER + "".join(peers) + "0000 \n"


def samples(count: int, pad: str = "") -> str:
    return "# TYPE felix_a gauge\n" + "".join(f'felix_a{{x="{n}{pad}"}} {n}\n' for n in range(count))


INPUTS = {
    "protocols": (protocols(10_000), SMALL_PAGE, "bird.max-protocols"),
    "lines that nobody reads": (
        protocols(1, "1006-  x\n" + "   u\n" * 199_990),
        SMALL_PAGE,
        "bird.max-lines",
    ),
    "long lines": (protocols(1, ("1006-  " + "y" * 16_000 + "\n") * 499), SMALL_PAGE, "bird.max-reply"),
    "peers with everything": (distinct(3_100), SMALL_PAGE, "bird.max-reply"),
    "samples": (protocols(1), samples(20_000), "felix.max-samples"),
    "long labels": (protocols(1), samples(499, "z" * 16_000), "felix.max-page"),
    "families": (
        protocols(1),
        "".join(f"# TYPE felix_{n} gauge\nfelix_{n} {n}\n" for n in range(5_000)),
        "felix.max-families",
    ),
    "comments": (protocols(1), SMALL_PAGE + "# c\n" * 199_990, "felix.max-lines"),
}


def peak(serving: Serving) -> int:
    """The most bytes that the process has ever held in memory."""
    status = pathlib.Path(f"/proc/{serving.process.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024


@pytest.mark.parametrize(("reply", "page", "bound"), INPUTS.values(), ids=INPUTS)
def test_memory_stays_within_its_bound_under_the_largest_input_that_is_accepted(
    reply: str, page: str, bound: str
) -> None:
    assert len(reply) <= BOUNDS["bird.max-reply"]
    assert len(page) <= BOUNDS["felix.max-page"]
    flags = [f"--{name}={most}" for name, most in BOUNDS.items()]
    with (
        FakeBird({"show status": STATUS, "show protocols all": reply}) as bird,
        FakeEndpoint(page) as felix,
        serve(
            *(f"--bird.socket=bird={bird.path}", f"--felix.url={felix.url}", "--collector.felix"),
            *("--bird.timeout=30", *flags),
        ) as serving,
    ):
        for _ in range(4):
            found = serving.samples()
            for collector in ("bird_protocols", "felix"):
                assert value(found, "calicometrics_collector_success", collector=collector) == 1, serving.log
        source, _, kind = bound.partition(".max-")
        kind = {"reply": "bytes", "page": "bytes"}.get(kind, kind)
        used = value(found, "calicometrics_source_bound_ratio", source=source, bound=kind)
        assert used is not None
        assert 0.9 < used <= 1
        taken = peak(serving)
    assert taken < BASE + cost(source, reply if source == "bird" else page)


def cost(source: str, text: str) -> int:
    """What a text may cost by what is in it."""
    counts = {
        "bird.max-reply": len(text),
        "bird.max-lines": text.count("\n"),
        "bird.max-protocols": text.count("1002-"),
        "felix.max-page": len(text),
        "felix.max-lines": text.count("\n"),
        "felix.max-families": text.count("# TYPE"),
        "felix.max-samples": text.count("\nfelix_"),
    }
    return sum(number * COSTS[name] for name, number in counts.items() if name.startswith(source))


def test_the_figures_of_the_page_are_those_of_this_test() -> None:
    page = (pathlib.Path(__file__).parents[2] / "docs/reliability.md").read_text(encoding="utf-8")
    for name, each in COSTS.items():
        assert re.search(rf"\| `{name}` \| [^|]+ \| {each:,} \|", page), name
