"""The checkout page in a real browser with JavaScript switched off, on a phone and on a desk, in
light and in dark: what a payer sees, whether it can be read and reached, and what its buttons do.

    checkout.py CHROMIUM ADDRESS KEY COMPANY COUNTRY PLAN

Makes its own customers and checkouts over the API; any fault is an exception."""

import json
import sys
import urllib.request

from devtools import Browser

PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 3, "mobile": True}
DESK = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}
# WCAG 2.2: AA for text, and a target that a thumb finds.
CONTRAST_MIN = 4.5
TARGET_PIXELS_MIN = 44

# Of each text the contrast with what is behind it, by WCAG's formula.
CONTRASTS = """
(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  return [...document.querySelectorAll('h1, dt, dd, p, button')].map(element => {
    const one = light(rgba(getComputedStyle(element).color)), two = light(behind(element));
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    return [element.innerText, ratio];
  });
})()
"""


def check(is_so, what):
    if not is_so:
        raise AssertionError(what)


class Merchant:
    """Whoever sells: asks the API as Stykite's clients do."""

    def __init__(self, address, key, company, country, plan):
        self.address, self.key, self.plan = address, key, plan
        self.base = f"{address}/v1/company/{company}/country/{country}"

    def post(self, path, body):
        request = urllib.request.Request(
            f"{self.base}/{path}", json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def sells_to(self, identifier):
        self.post("customer", {"email": "payer@example.com", "customer_identifier": identifier,
                               "country_code": "IN"})
        told = self.post("payment", {"customer_identifier": identifier, "plan_id": self.plan,
                                     "plan_type": "MONTHLY", "payment_component": "PLAN"})
        return told["value"]["transaction_tsid"]

    def subscriptions(self, identifier):
        request = urllib.request.Request(
            f"{self.address}/v1/subscriptions?customer={identifier}",
            headers={"Authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["data"]


class Payer:
    """Whoever pays: sees a page and presses its buttons."""

    def __init__(self, browser, address, device):
        self.browser, self.address, self.device = browser, address, device
        browser.call("Emulation.setDeviceMetricsOverride", **device)
        browser.call("Emulation.setTouchEmulationEnabled", enabled=device["mobile"])

    def opens(self, transaction):
        self.browser.call("Page.navigate", url=f"{self.address}/checkout/{transaction}")
        self.sees("Pay for Pro")

    def sees(self, words):
        text = json.dumps(words)
        self.browser.wait_for(
            f"document.readyState === 'complete' && document.body.innerText.includes({text})")

    def presses(self, action):
        """Where a finger or a pointer would press."""
        x, y = self.browser.value(
            f"(() => {{ const b = document.querySelector('button[value={action}]');"
            " b.scrollIntoView({block: 'center'}); const r = b.getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        if self.device["mobile"]:
            self.browser.call("Input.dispatchTouchEvent", type="touchStart",
                              touchPoints=[{"x": x, "y": y}])
            self.browser.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
            return
        for kind in ["mousePressed", "mouseReleased"]:
            self.browser.call("Input.dispatchMouseEvent", type=kind, x=x, y=y,
                              button="left", clickCount=1)

    def presses_key(self, key, code, text=""):
        for kind in ["keyDown", "keyUp"]:
            self.browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                              windowsVirtualKeyCode=code, text=text if kind == "keyDown" else "")


def check_page(payer, transaction, identifier):
    """What every payer must find on an open checkout."""
    browser = payer.browser
    value = browser.value
    check(value("document.title") == "Pay for Pro: INR 499.00", value("document.title"))
    check(value("document.documentElement.lang") == "en", "the page says its language")
    check(value("document.querySelectorAll('h1, main').length") == 2, "one heading in one main part")
    facts = dict(value("[...document.querySelectorAll('dl div')].map("
                       "row => [row.querySelector('dt').innerText, row.querySelector('dd').innerText])"))
    check(facts["Plan"] == "Pro" and facts["Price"] == "INR 499.00", facts)
    check(facts["Period"] == "one month" and facts["Customer"] == identifier, facts)
    buttons = value("[...document.querySelectorAll('form button')].map("
                    "b => [b.name, b.value, b.innerText, b.type])")
    check(buttons == [["action", "pay", "Pay INR 499.00", "submit"],
                      ["action", "fail", "Let the payment fail", "submit"],
                      ["action", "cancel", "Call it off", "submit"]], buttons)
    form = value("(f => [f.method, f.getAttribute('action')])(document.querySelector('form'))")
    check(form == ["post", f"/checkout/{transaction}"], form)
    check(value("document.querySelectorAll('script, iframe, img, link').length") == 0, "nothing else")
    # As a screen reader has it.
    tree = browser.call("Accessibility.getFullAXTree")["nodes"]
    named = {(node["role"]["value"], node.get("name", {}).get("value")) for node in tree
             if not node["ignored"]}
    for wanted in [("heading", "Pay for Pro"), ("button", "Pay INR 499.00"),
                   ("button", "Call it off")]:
        check(wanted in named, f"{wanted} is not in {sorted(map(str, named))}")
    check(any(role == "status" for role, _ in named), "how it stands is told as a status")
    check(any(role == "main" for role, _ in named), "there is a main landmark")
    # As eyes and fingers have it.
    check(value("document.documentElement.scrollWidth <= window.innerWidth"), "it fits the screen")
    check(value("window.innerWidth") == payer.device["width"], "it is as wide as the screen")
    check(value("parseFloat(getComputedStyle(document.body).fontSize)") >= 16, "it can be read")
    for height in value("[...document.querySelectorAll('button')].map(b => b.offsetHeight)"):
        check(height >= TARGET_PIXELS_MIN, f"a button is {height} pixels high")
    for scheme in ["light", "dark"]:
        browser.call("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": scheme}])
        contrasts = value(CONTRASTS)
        check(len(contrasts) > 10, "texts were found")
        for text, ratio in contrasts:
            check(ratio >= CONTRAST_MIN, f"{scheme}: {text!r} has a contrast of {ratio:.2f}")
    backgrounds = set()
    for scheme in ["light", "dark"]:
        browser.call("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": scheme}])
        backgrounds.add(value("getComputedStyle(document.body).backgroundColor"))
    check(len(backgrounds) == 2, "dark is another")


def pays_by_hand(payer, merchant, identifier):
    transaction = merchant.sells_to(identifier)
    payer.opens(transaction)
    check_page(payer, transaction, identifier)
    payer.presses("fail")
    payer.sees("The payment did not go through")
    check(merchant.subscriptions(identifier)[0]["plan"]["id"] != merchant.plan, "nothing is paid")
    payer.presses("pay")
    payer.sees("This is paid. Thank you.")
    check(payer.browser.value("document.querySelectorAll('form').length") == 0, "no second payment")
    held = [one for one in merchant.subscriptions(identifier) if one["plan"]["id"] == merchant.plan]
    check([one["status"] for one in held] == ["active"], held)
    # What a browser does when somebody goes back and presses again.
    payer.opens(transaction)
    payer.sees("This is paid. Thank you.")


def pays_by_keyboard(payer, merchant, identifier):
    payer.opens(merchant.sells_to(identifier))
    payer.presses_key("Tab", 9)
    payer.browser.wait_for("document.activeElement.value === 'pay'")
    outline = payer.browser.value("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
    check(outline >= 2, f"focus is shown by {outline} pixels")
    payer.presses_key("Enter", 13, "\r")
    payer.sees("This is paid. Thank you.")


def calls_it_off(payer, merchant, identifier):
    payer.opens(merchant.sells_to(identifier))
    payer.presses("cancel")
    payer.sees("This payment was called off.")


def check_conduct(browser, address):
    """What the browser noticed beside the pages."""
    asked = [event["params"]["request"]["url"] for event in browser.events
             if event.get("method") == "Network.requestWillBeSent"]
    check(len(asked) > 10, "requests were noticed")
    elsewhere = [url for url in asked if not url.startswith(f"{address}/checkout/")]
    check(elsewhere == [], f"something else was asked for: {elsewhere}")
    said = [event["params"] for event in browser.events if event.get("method") == "Log.entryAdded"]
    check(said == [], f"the browser complains: {said}")
    check(browser.call("Network.getCookies")["cookies"] == [], "there is no cookie")


def main(program, address, key, company, country, plan):
    merchant = Merchant(address, key, company, country, plan)
    browser = Browser(program)
    try:
        for domain in ["Page", "Network", "Log", "Accessibility"]:
            browser.call(f"{domain}.enable")
        browser.call("Emulation.setScriptExecutionDisabled", value=True)
        browser.call("Page.navigate", url="data:text/html,<script>document.title='ran'</script>")
        browser.wait_for("document.readyState === 'complete' && location.protocol === 'data:'")
        check(browser.value("document.title") == "", "scripts are switched off")
        browser.events.clear()
        for name, device in [("phone", PHONE), ("desk", DESK)]:
            payer = Payer(browser, address, device)
            for act in [pays_by_hand, pays_by_keyboard, calls_it_off]:
                act(payer, merchant, f"{name}_{act.__name__}")
                print(f"{name}: {act.__name__}")
        check_conduct(browser, address)
    finally:
        browser.close()


main(*sys.argv[1:])
