"""Pays a checkout on its page, on a phone, with JavaScript switched off and by the keyboard alone.

    pay.py CHROMIUM ADDRESS TEXT...

ADDRESS is the page's, and each TEXT must stand on it; any fault is an exception. Knows the page's
words and nothing of the ledger."""

import sys

from devtools import Browser

# Between the top of the page and its first button there are fewer.
TABS_MAX = 10


def press(browser, key, code):
    text = {"text": "\r"} if key == "Enter" else {}
    for kind in ["keyDown", "keyUp"]:
        browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                     windowsVirtualKeyCode=code, **text)


def main():
    program, address, *texts = sys.argv[1:]
    browser = Browser(program)
    try:
        browser.call("Emulation.setScriptExecutionDisabled", value=True)
        browser.call("Emulation.setDeviceMetricsOverride",
                     width=360, height=740, deviceScaleFactor=2, mobile=True)
        browser.call("Page.navigate", url=address)
        browser.wait_for("document.querySelector('button[value=pay]') !== null")
        page = browser.value("document.body.innerText")
        missing = [text for text in texts if text not in page]
        if missing:
            raise AssertionError(f"not on the page: {missing}\n{page}")
        for _ in range(TABS_MAX):
            press(browser, "Tab", 9)
            if browser.value("document.activeElement.value") == "pay":
                break
        else:
            raise AssertionError("no Tab leads to the button")
        press(browser, "Enter", 13)
        browser.wait_for("document.body.innerText.includes('This is paid.')")
        if browser.value("document.querySelector('button') !== null"):
            raise AssertionError("it could be paid again")
    finally:
        browser.close()
    print("paid in Chromium, by the keyboard")


main()
