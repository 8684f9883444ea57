"""A headless Chromium that tests talk to through its DevTools protocol, over a pipe."""

import json
import os
import shutil
import subprocess
import time

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")


def executable():
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Page:
    """A page that was opened: what it said on its console, what it asked the network for, and ways to use it."""

    def __init__(self, folder, width=1200, height=900):
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
        to_read, to_write = os.pipe(), os.pipe()

        # It reads from 3 and writes to 4: the shell puts the pipes there, since Python could only by forking JAX.
        command = f'exec "$0" "$@" 3</dev/fd/{to_read[0]} 4>/dev/fd/{to_write[1]}'
        self._process = subprocess.Popen(
            ["sh", "-c", command, executable(), *flags, "--remote-debugging-pipe", f"--user-data-dir={folder}",
             f"--window-size={width},{height}"],
            pass_fds=(to_read[0], to_write[1]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read[0])
        os.close(to_write[1])
        self._out, self._in = os.fdopen(to_read[1], "wb", 0), os.fdopen(to_write[0], "rb")
        self._count, self._session, self.events = 0, None, []

    def open(self, path):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Runtime", "Log", "Network", "Page"):
            self.call(f"{domain}.enable")
        started = time.perf_counter()
        self.call("Page.navigate", url=path.as_uri())
        while not self.evaluate("document.readyState === 'complete'"):
            time.sleep(0.01)
        self.seconds = time.perf_counter() - started

    def call(self, method, **params):
        self._count += 1
        message = {"id": self._count, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._count:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _read(self):
        data = b""
        while not data.endswith(b"\0"):
            byte = self._in.read(1)
            assert byte, "the browser has gone"
            data += byte
        return json.loads(data[:-1])

    def evaluate(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def point(self, selector, click=False):
        """Move the mouse to the middle of an element, and click."""
        x, y = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2] })()"
        )
        # The scrolling is told to the page in a frame, before the mouse moves.
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        if click:
            for kind in ("mousePressed", "mouseReleased"):
                self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    @property
    def complaints(self):
        """Return what went wrong: exceptions, errors and warnings of the console, the browser's own entries."""
        kinds = {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}
        return [event for event in self.events if event.get("method") in kinds]

    @property
    def requests(self):
        """Return the addresses that were asked for, without what the page holds itself."""
        urls = [e["params"]["request"]["url"] for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith("data:")]

    def close(self):
        self._process.kill()
        self._process.wait()
        self._out.close()
        self._in.close()


@pytest.fixture
def browse(tmp_path):
    """Return a function that opens a page; skip where there is no Chromium."""
    if executable() is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    pages = []

    def browse(path, **size):
        pages.append(Page(tmp_path / f"profile{len(pages)}", **size))
        pages[-1].open(path)
        return pages[-1]

    yield browse
    for page in pages:
        page.close()
