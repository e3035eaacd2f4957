"""Open the built pages in headless Chromium, wide and narrow, light and dark.

    python docs/check_pages.py docs/_build/html --pictures docs/_build/pictures

Prints what a reader would stumble over, a line each: text that is cut off or as dark
as what it stands on, an image that is missing, TeX in the text, a link into nothing,
anything from the network.
Needs Debian's packages chromium and chromium-driver; links are checked without, too.
"""

import argparse
import base64
import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

WIDTHS = (1280, 400)
MODES = ("light", "dark")

# What is wrong with the page that is shown, as a list of sentences.
LOOK = r"""
const found = [];
// What a reader sees to scroll; that a whole article or bar can, too, nobody looks for.
const scrolls = "pre, div.math, div.picture, .pst-scrollable-table-container, "
  + ".sk-top-container";
// Where what is in an element is cut off, or Infinity where a reader gets to all of it.
const end = (element) => {
  let right = innerWidth;
  for (let up = element; up && up !== document.body; up = up.parentElement) {
    const style = getComputedStyle(up), box = up.getBoundingClientRect();
    if (style.overflowX === "visible") continue;
    if (/auto|scroll/.test(style.overflowX) && up.matches(scrolls)) return Infinity;
    // An ellipsis says that there is more; a dot is for those who hear the page.
    if (style.textOverflow === "ellipsis" || box.width <= 1) return Infinity;
    right = Math.min(right, box.right);
  }
  return right;
};
// Of a text and of what it stands on, as in WCAG 2, where pictures are let be, too.
const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
const bright = (colour) => {
  const [r, g, b] = channels(colour).map((c) => (c / 255) ** 2.2);
  return 0.05 + 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (element) => {
  if (element.closest("svg")) return 21;
  let paper = element;
  while (paper && (channels(getComputedStyle(paper).backgroundColor)[3] ?? 1) < 1)
    paper = paper.parentElement;
  if (!paper) return 21;
  const ratio = bright(getComputedStyle(element).color)
    / bright(getComputedStyle(paper).backgroundColor);
  return Math.max(ratio, 1 / ratio);
};
const reach = document.createRange();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const parent = walker.currentNode.parentElement;
  const words = walker.currentNode.data.trim().replace(/\s+/g, " ").slice(0, 60);
  if (!words || !parent.checkVisibility()) continue;
  reach.selectNodeContents(walker.currentNode);
  if (reach.getBoundingClientRect().right > end(parent) + 1)
    found.push(`text is cut off: ${words}`);
  if (contrast(parent) < 2) found.push(`text is as dark as the page: ${words}`);
}
if (document.documentElement.scrollWidth > innerWidth + 1)
  found.push("the page scrolls sideways");
for (const image of document.images)
  if (image.getAttribute("src") && image.loading !== "lazy" && !image.naturalWidth)
    found.push(`missing image ${image.getAttribute("src")}`);
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const tex = /\\[([]|\\(frac|hat|bar|tilde|sum|mid|top|math|mu|sigma)\b|\$\$/;
while (texts.nextNode()) {
  const node = texts.currentNode;
  if (!node.parentElement.closest("pre, code, script, style, textarea")
      && tex.test(node.data)) found.push(`TeX: ${node.data.trim().slice(0, 80)}`);
}
// What was refused may be told of late, so what asks is looked at, too.
const asked = new Set(performance.getEntriesByType("resource").map((e) => e.name));
for (const part of document.querySelectorAll("[src], link[rel~=stylesheet]"))
  asked.add(part.src || part.href);
for (const name of asked)
  if (/^https?:/.test(name)) found.push(`asks the network: ${name}`);
return found;
"""


class _Links(HTMLParser):
    """Where the links of a page go, and the ids that it has."""

    def __init__(self, page):
        super().__init__()
        self.targets, self.ids = [], set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, _, attrs):
        attrs = dict(attrs)
        self.ids |= {attrs[key] for key in ("id", "name") if attrs.get(key)}
        self.targets += [attrs[key] for key in ("href", "src") if attrs.get(key)]


def pages(folder):
    """The pages that have content; indexes of source code are no pages."""
    return [
        page
        for page in sorted(folder.rglob("*.html"))
        if not {"_static", "_modules"} & {*page.relative_to(folder).parts}
    ]


def dead_links(folder):
    """Links within the folder that lead to no file, or to no place in it."""
    known = {page.resolve(): _Links(page) for page in folder.rglob("*.html")}
    for page in pages(folder):
        for target in known[page.resolve()].targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            path = page.resolve()
            if parts.path:
                path = (page.parent / unquote(parts.path)).resolve()
            fragment = unquote(parts.fragment)
            lost = fragment and path in known and fragment not in known[path].ids
            if not path.exists() or (lost and fragment != "top"):
                yield f"{page.relative_to(folder)}: link into nothing: {target}"


class Browser:
    """A session of chromedriver, by the W3C's protocol: JSON over HTTP."""

    def __init__(self, driver, chromium):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._process = subprocess.Popen(  # noqa: S603 - a path of ours
            [driver, f"--port={port}"], stdout=subprocess.DEVNULL
        )
        self._base = f"http://127.0.0.1:{port}"
        # No name is looked up: what asks the network is told of, and not served.
        offline = "--host-resolver-rules=MAP * ~NOTFOUND"
        arguments = ["--headless=new", "--no-sandbox", "--hide-scrollbars", offline]
        options = {"binary": chromium, "args": arguments}
        wanted = {"alwaysMatch": {"goog:chromeOptions": options}}
        for _ in range(50):
            with contextlib.suppress(OSError):
                made = self._ask("POST", "/session", {"capabilities": wanted})
                break
            time.sleep(0.1)
        self._base += f"/session/{made['sessionId']}"

    def _ask(self, verb, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = Request(  # noqa: S310 - this machine's own address
            self._base + path, data, {"Content-Type": "application/json"}, method=verb
        )
        with urlopen(request) as answer:  # noqa: S310
            return json.load(answer)["value"]

    def command(self, name, **params):
        """A command of Chromium's own protocol."""
        self._ask("POST", "/goog/cdp/execute", {"cmd": name, "params": params})

    def show(self, width, mode):
        """Set width and mode of all that is opened from here on."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        # Colours are looked at as soon as a page is open: none may be on its way.
        wanted = {"prefers-color-scheme": mode, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in wanted.items()]
        self.command("Emulation.setEmulatedMedia", features=features)

    def open(self, page):
        """Open a file and wait until all of it is loaded."""
        self._ask("POST", "/url", {"url": page.resolve().as_uri()})

    def run(self, script):
        """What the script returns."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def picture(self, path):
        """Write what the window shows, as PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self._ask("GET", "/screenshot")))

    def close(self):
        """End session and driver."""
        try:
            self._ask("DELETE", "")
        finally:
            self._process.terminate()
            self._process.wait()


def stumbles(folder, browser, pictures=None):
    """What is wrong with each page, in each width and mode."""
    for width in WIDTHS:
        for mode in MODES:
            browser.show(width, mode)
            for page in pages(folder):
                browser.open(page)
                name = page.relative_to(folder)
                for problem in browser.run(LOOK):
                    yield f"{name}, {width}, {mode}: {problem}"
                if pictures:
                    shot = f"{width}-{mode}" / name.with_suffix(".png")
                    browser.picture(pictures / shot)


def main():
    """Print what is found; exit status 1 if there is anything."""
    parser = argparse.ArgumentParser(description="Check the built pages.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=Path, help="folder for a picture of each")
    arguments = parser.parse_args()
    found = _told(dead_links(arguments.folder))
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if driver and chromium:
        browser = Browser(driver, chromium)
        try:
            found += _told(stumbles(arguments.folder, browser, arguments.pictures))
        finally:
            browser.close()
    else:
        sys.stderr.write("No chromium and chromedriver: links alone were checked.\n")
    sys.exit(bool(found))


def _told(lines):
    """Print lines as they come; how many there were."""
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return count


if __name__ == "__main__":
    main()
