#!/usr/bin/env python3
"""Pays a checkout on its page, in a headless Chromium of a phone's size, without JavaScript and with
the keyboard alone. Usage: pay.py URL TEXT... (each TEXT must stand on the page).
Knows the page's form and its words, and nothing of the ledger. Python's standard library only."""

import json
import os
import subprocess
import sys
import tempfile
import time

# What a busy machine may take for a page; nothing waits longer.
PATIENCE_SECONDS = 60
PAID = "This is paid."


class Browser:
    """A Chromium that is spoken to over two pipes: JSON, each message ended by a zero byte."""

    def __init__(self, folder):
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        command = [
            "sh", "-c", f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}', "chromium",
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank",
        ]
        self.process = subprocess.Popen(
            command, pass_fds=(theirs_in, theirs_out), stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.words = os.fdopen(ours_in, "rb", buffering=0)
        self.orders = os.fdopen(ours_out, "wb", buffering=0)
        self.unread = b""
        self.count = 0
        self.session = None

    def ask(self, method, **params):
        """One order, and its answer; what is told unasked meanwhile is passed over."""
        self.count += 1
        order = {"id": self.count, "method": method, "params": params}
        if self.session:
            order["sessionId"] = self.session
        self.orders.write(json.dumps(order).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def read(self):
        while b"\0" not in self.unread:
            more = self.words.read(65536)
            if not more:
                sys.exit("Chromium ended; is Debian's package `chromium` whole?")
            self.unread += more
        message, self.unread = self.unread.split(b"\0", 1)
        return json.loads(message)

    def open(self, url):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        self.ask("Page.enable")
        self.ask("Emulation.setScriptExecutionDisabled", value=True)
        self.ask("Emulation.setDeviceMetricsOverride",
                 width=360, height=740, deviceScaleFactor=2, mobile=True)
        self.ask("Page.navigate", url=url)

    def html(self):
        """The page as it stands; nothing while it is between two."""
        try:
            root = self.ask("DOM.getDocument", depth=0)["root"]["nodeId"]
            return self.ask("DOM.getOuterHTML", nodeId=root)["outerHTML"]
        except RuntimeError:
            return ""

    def until(self, text):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in (html := self.html()):
            if time.monotonic() > deadline:
                sys.exit(f"the page never said {text!r}:\n{html}")
            time.sleep(0.1)
        return html

    def press_enter_on(self, selector):
        root = self.ask("DOM.getDocument", depth=0)["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.focus", nodeId=node)
        for kind in ["keyDown", "keyUp"]:
            self.ask("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r",
                     windowsVirtualKeyCode=13)

    def close(self):
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)


def main():
    url, *texts = sys.argv[1:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(folder)
        try:
            browser.open(url)
            html = browser.until('value="pay"')
            missing = [text for text in texts if text not in html]
            if missing:
                sys.exit(f"not on the page: {missing}\n{html}")
            browser.press_enter_on('button[value="pay"]')
            html = browser.until(PAID)
            if 'value="pay"' in html:
                sys.exit(f"it could be paid again:\n{html}")
        finally:
            browser.close()
    print("paid in Chromium")


main()
