"""A Chromium without a window, spoken to over the pipe of its DevTools protocol. Knows no page.

Python's standard library alone. Every wait has an end; what goes wrong is an exception."""

import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

# Far longer than anything here takes, also on a busy machine.
PATIENCE_SECONDS = 60


class Browser:
    """A running browser with one page."""

    def __init__(self, program):
        self.profile = tempfile.mkdtemp(prefix="browser-")
        to_browser, self.writing = os.pipe()
        self.reading, from_browser = os.pipe()
        # The browser reads from 3 and writes to 4: none of these may be one of them before.
        to_browser = fcntl.fcntl(to_browser, fcntl.F_DUPFD, 10)
        from_browser = fcntl.fcntl(from_browser, fcntl.F_DUPFD, 10)

        def child():
            os.dup2(to_browser, 3)
            os.dup2(from_browser, 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--remote-debugging-pipe", f"--user-data-dir={self.profile}",
             "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=child, pass_fds=(3, 4))
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.last = 0
        self.events = []
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        attached = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self.session = attached["sessionId"]

    session = None

    def call(self, method, **parameters):
        """What the browser answers; an exception where it refuses."""
        self.last += 1
        asked = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            asked["sessionId"] = self.session
        os.write(self.writing, json.dumps(asked).encode() + b"\0")
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            told = self._read(end)
            if told.get("id") != self.last:
                self.events.append(told)
            elif "error" in told:
                raise RuntimeError(f"{method}: {told['error']}")
            else:
                return told["result"]

    def _read(self, end):
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.reading], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            more = os.read(self.reading, 1 << 20)
            if not more:
                raise RuntimeError("the browser has gone")
            self.buffer += more
        told, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(told)

    def value(self, expression):
        """What an expression comes to in the page. It runs beside the page's own scripts, which
        may be switched off."""
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in told:
            raise RuntimeError(f"{expression}: {told['exceptionDetails']}")
        return told["result"].get("value")

    def wait_for(self, expression):
        """Waits until an expression is true, also while the page changes."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                if self.value(expression):
                    return
            except RuntimeError:
                # Between two pages there is none.
                pass
            if time.monotonic() > end:
                text = self.value("document.body.innerText")
                raise TimeoutError(f"{expression} never came true: {text}")
            time.sleep(0.05)

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)
