"""A headless Chromium, spoken to in the DevTools protocol over a pair of pipes."""

from __future__ import annotations

import base64
import itertools
import json
import os
import pathlib
import select
import subprocess
import time
from collections.abc import Callable
from typing import Any, Self

from .needs import need_program

PATIENCE = 30.0
# Of its own accord the browser asks for updates, and resolves names for that.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


class Browser:
    """One browser with one page.

    Args:
        directory: Where it may keep its profile.

    Attributes:
        requests: The URL of every request that the page has made.
        complaints: What stands on the page's console, and every exception of its scripts.
    """

    def __init__(self, directory: pathlib.Path) -> None:
        chromium = need_program("chromium", "chromium")
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._numbers = itertools.count(1)
        self._replies: dict[int, dict[str, Any]] = {}
        self._received = bytearray()
        self._loads = 0
        self._session: str | None = None
        commands, self._to = os.pipe()
        self._from, events = os.pipe()
        # The browser reads from descriptor 3 and writes to 4.
        self._process = subprocess.Popen(
            [
                *("bash", "-c", f'exec "$0" "$@" 3<&{commands} 4>&{events}', chromium),
                *("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"),
                *("--hide-scrollbars", *QUIET, f"--user-data-dir={directory}", "about:blank"),
            ],
            pass_fds=(commands, events),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"HOME": str(directory)},
        )
        os.close(commands)
        os.close(events)
        targets = self.send("Target.getTargets")["targetInfos"]
        (page,) = [each["targetId"] for each in targets if each["type"] == "page"]
        self._session = self.send("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(timeout=PATIENCE)
        os.close(self._to)
        os.close(self._from)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return the result of a command of the protocol."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            command["sessionId"] = self._session
        os.write(self._to, json.dumps(command).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while number not in self._replies:
            self._receive(deadline)
        reply = self._replies.pop(number)
        assert "error" not in reply, (method, reply["error"])
        result: dict[str, Any] = reply["result"]
        return result

    def listen(self) -> None:
        """Take in the events that have come."""
        self.send("Runtime.evaluate", expression="0")

    def _receive(self, deadline: float) -> None:
        """Take in the next message, whatever it is."""
        while b"\0" not in self._received:
            ready, _, _ = select.select([self._from], [], [], deadline - time.monotonic())
            assert ready, "the browser does not answer"
            piece = os.read(self._from, 1 << 20)
            assert piece, "the browser has ended"
            self._received += piece
        message, _, rest = self._received.partition(b"\0")
        self._received = bytearray(rest)
        self._take(json.loads(message))

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._replies[message["id"]] = message
            return
        about = message["params"]
        match message["method"]:
            case "Page.loadEventFired":
                self._loads += 1
            case "Network.requestWillBeSent":
                self.requests.append(about["request"]["url"])
            case "Runtime.consoleAPICalled":
                self.complaints.append(json.dumps(about["args"]))
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(about["exceptionDetails"]))
            case "Log.entryAdded":
                self.complaints.append(about["entry"]["text"])

    def open(self, url: str) -> None:
        """Load a page."""
        before = self._loads
        self.send("Page.navigate", url=url)
        deadline = time.monotonic() + PATIENCE
        while self._loads == before:
            self._receive(deadline)

    def run(self, expression: str) -> Any:
        """Return the value of an expression in the page; a promise is waited for."""
        done = self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait_for(self, expression: str, seconds: float = PATIENCE) -> None:
        """Wait until an expression is true in the page."""
        self._until(lambda: self.run(expression), seconds, expression)

    def _until(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"still not: {what}"
            time.sleep(0.05)

    def press(self, key: str, code: int) -> None:
        """Press a key and let it go.

        Args:
            key: Its name, as ``KeyboardEvent.key`` has it.
            code: Its number on Windows, which is how the protocol tells keys apart.
        """
        text = {"Enter": "\r", " ": " "}.get(key)
        down = {"type": "keyDown" if text else "rawKeyDown", "key": key, "windowsVirtualKeyCode": code}
        self.send("Input.dispatchKeyEvent", **down, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def screen(self, width: int, *, height: int = 800, dark: bool = False) -> None:
        """Show the page on a screen of this size, in light or dark mode."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def screenshot(self, height: int) -> bytes:
        """Return a picture of the page's upper part, PNG."""
        width = self.run("window.innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.send("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(shot["data"])
