"""What makes pictures and pages, and what finds faults in pages that are built."""

import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import benchmark_records
import check_pages
import gallery_order
import pytest

# What makes the pages is no part of the tests' own requirements.
changelog, diagram, which = map(pytest.importorskip, ("changelog", "diagram", "which"))

ROOT = Path(__file__).parents[1]
WORD = "CalibratedStackingCV(GZSLVotingClassifier(members=...))"  # wider than 400
PAGE = """<!doctype html><html><body><h1 id="here">Title</h1>{}</body></html>"""


def texts(svg):
    """The texts of a picture, which has to be XML."""
    return ["".join(t.itertext()) for t in ET.fromstring(svg).iter() if t.text]


def test_a_changelog_of_markdown_becomes_a_page():
    made = changelog.rst(
        "# Changelog\n\nSee [here](https://a.b/c).\n\n"
        "## [0.2.0] - 2030-01-02\n\n### Added\n\n- `this`, and\n  that.\n"
    )
    assert made == (
        "\nSee `here <https://a.b/c>`__.\n\n"
        "0.2.0 - 2030-01-02\n==================\n\n"
        "Added\n-----\n\n- `this`, and\n  that.\n"
    )


def test_the_changelog_has_this_version_or_what_is_unreleased():
    made = changelog.rst((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert made.count("\n=====") >= 1
    assert "##" not in made
    assert "](" not in made


def test_a_diagram_shows_what_it_is_told_in_order():
    made = diagram.svg([["training", "a row x < 1", "the latent of this row"]])
    assert texts(made) == ["training", "a row x < 1", "the latent", "of this row"]


def test_pictures_are_xml_and_named_for_those_who_do_not_see_them():
    pictures = [which.picture(benchmark_records.load())]
    static = ROOT / "docs" / "_static"
    pictures += [
        (static / f"{name}.svg").read_text("utf-8")
        for name in ("logo", "overview", "processes")
    ]
    for picture in pictures:
        assert len(ET.fromstring(picture).get("aria-label")) > 20


def test_notebooks_have_words_for_links():
    notebook_text = pytest.importorskip("notebook_text")
    made = notebook_text.plain(
        "As in the `quickstart\n<sphx_glr_auto_examples_a.py>`, with "
        ":class:`~sklearn_gzsl.CVAE` and :func:`sklearn_gzsl.load`; the :doc:`user "
        "guide </user_guide/index>` and :doc:`/persistence` have `more`, "
        "and `x <y` is code."
    )
    assert made == (
        "As in the quickstart, with `CVAE` and `sklearn_gzsl.load`; the user guide and "
        "the page `persistence` of the documentation have `more`, and `x <y` is code."
    )


def test_every_example_has_its_place_in_the_gallery():
    found = {
        path.relative_to(ROOT / "examples").as_posix()
        for section in gallery_order.SECTIONS
        for path in (ROOT / "examples" / section).glob("*.py")
    }
    found |= {path.name for path in (ROOT / "examples").glob("plot_*.py")}
    listed = [
        f"{section}/{name}.py"
        for section, names in gallery_order.SECTIONS.items()
        for name in names
    ]
    assert {name.replace("plot_", "") for name in found} == set(listed)
    assert sorted(map(gallery_order.position, found)) == list(range(len(listed)))


def test_links_into_nothing_are_found(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "index.html").write_text(
        PAGE.format(
            '<a href="a/b.html#there"></a><img src="c.png"><a href="#here"></a>'
        )
    )
    (tmp_path / "a" / "b.html").write_text(
        PAGE.format('<a href="../index.html#here"></a><a href="https://x.y/z"></a>')
    )
    assert list(check_pages.dead_links(tmp_path)) == [
        "index.html: link into nothing: a/b.html#there",
        "index.html: link into nothing: c.png",
    ]


@pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")),
    reason="needs Debian's chromium and chromium-driver",
)
def test_faults_that_only_a_browser_sees(tmp_path, monkeypatch):
    monkeypatch.setattr(check_pages, "MODES", ("dark",))
    faults = {
        "wide": '<p style="width: 700px">Words and words and</p>'.replace(
            "words", "words " * 40
        ),
        "scrolls": '<pre style="overflow-x: auto">' + "long " * 200 + "</pre>",
        "article": f'<div style="overflow-x: auto">{WORD}</div>',
        "box": f'<div style="overflow: hidden; width: 300px">{WORD}</div>',
        "beside": '<div style="overflow-x: auto"><p style="width: 600px">'
        '<span style="margin-left: 500px">Beside</span></p></div>',
        "ellipsis": '<div style="overflow: hidden; text-overflow: ellipsis">'
        f"{WORD}</div>",
        "heard": '<div style="overflow: hidden; width: 1px">Heard</div>',
        "folded": f"<details><summary>More</summary>{WORD}</details>",
        "faint": '<div style="background: #222"><b style="color: #111">Faint</b></div>',
        "image": '<img src="none.png">',
        "tex": r"<p>The mean \(\bar x\), <code>\(code\)</code></p>",
        "network": '<script src="https://localhost/mathjax.js"></script>',
    }
    for name, body in faults.items():
        (tmp_path / f"{name}.html").write_text(PAGE.format(body))
    browser = check_pages.Browser(
        shutil.which("chromedriver"), shutil.which("chromium")
    )
    try:
        found = list(check_pages.stumbles(tmp_path, browser, tmp_path / "pictures"))
    finally:
        browser.close()
    expected = {
        "image.html, 1280, dark: missing image none.png",
        "image.html, 400, dark: missing image none.png",
        r"tex.html, 1280, dark: TeX: The mean \(\bar x\),",
        r"tex.html, 400, dark: TeX: The mean \(\bar x\),",
        "network.html, 1280, dark: asks the network: https://localhost/mathjax.js",
        "network.html, 400, dark: asks the network: https://localhost/mathjax.js",
        "wide.html, 400, dark: the page scrolls sideways",
        f"article.html, 400, dark: text is cut off: {WORD}",
        f"box.html, 400, dark: text is cut off: {WORD}",
        f"box.html, 1280, dark: text is cut off: {WORD}",
        "beside.html, 400, dark: text is cut off: Beside",
        "faint.html, 1280, dark: text is as dark as the page: Faint",
        "faint.html, 400, dark: text is as dark as the page: Faint",
    }
    assert expected <= set(found)
    rest = set(found) - expected
    assert len(rest) == 1
    assert rest.pop().startswith("wide.html, 400, dark: text is cut off: Words")
    assert (tmp_path / "pictures" / "400-dark" / "tex.png").stat().st_size > 1000
