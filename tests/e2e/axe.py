"""What a machine can see of accessibility: axe-core, and a few measures of the layout that it does not take."""

from functools import cache
from importlib.resources import files

# RGAA 4 as axe maps it, WCAG 2.2 AA, and what is good practice.
TAGS = ["RGAAv4", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What can go wrong in a narrower window and nowhere else.
OF_THE_WIDTH = (
    "target-size",
    "scrollable-region-focusable",
    "color-contrast",
    "link-in-text-block",
    "aria-hidden-focus",
)
# WCAG 1.4.12: what a person may impose on the text without losing any of it.
TEXT_SPACING = """
* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }
"""
OVERFLOW = """() => {
  const width = document.documentElement.clientWidth;
  const hidden = (e) => e.closest("[hidden], .sr, .defile, [data-defile], pre") !== null;
  return document.documentElement.scrollWidth <= width ? [] : [...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > width + 1 && !hidden(e))
    .map((e) => `${e.tagName.toLowerCase()}.${e.className}`.slice(0, 80));
}"""
# Text that its own box cuts, where the box does not scroll.
CUT = """() => [...document.querySelectorAll("p, a, button, label, li, h1, h2, h3, td, th, dd, dt")]
  .filter((e) => {
    const style = getComputedStyle(e);
    const clips = style.overflow === "hidden" && !e.closest(".sr, .evitement, [hidden]");
    return clips && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1);
  }).map((e) => `${e.tagName.toLowerCase()}.${e.className}`.slice(0, 80))"""


@cache
def _source():
    """axe-core as the axe-playwright-python package carries it, pinned with its hash."""
    return (files("axe_playwright_python") / "axe.min.js").read_text()


def violations(page, *, only=()):
    """Run axe on the page, whole or for some rules; give one line for each rule broken, with the elements that break it."""
    # Evaluated by the debugger, as the policy of the page forbids scripts from elsewhere.
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(_source())
    options = {
        "runOnly": {"type": "rule", "values": list(only)} if only else {"type": "tag", "values": TAGS},
        "resultTypes": ["violations"],
    }
    found = page.evaluate("async (options) => (await axe.run(document, options)).violations", options)
    return [
        f"{rule['id']} ({rule['impact']}): {', '.join(str(node['target'][0]) for node in rule['nodes'][:3])}"
        for rule in found
    ]


def overflow(page):
    """Name what sticks out of the window sideways."""
    return page.evaluate(OVERFLOW)


def cut_under_text_spacing(page):
    """Name what is cut or sticks out when a reader spaces the text."""
    # A constructed sheet: the policy of the page refuses a <style> element.
    page.evaluate(
        """(css) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css);
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]; }""",
        TEXT_SPACING,
    )
    found = [*page.evaluate(OVERFLOW), *page.evaluate(CUT)]
    page.evaluate("() => { document.adoptedStyleSheets = []; }")
    return found
