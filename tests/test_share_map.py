"""The picture of shares of two sources has the record's numbers; the text says them."""

import json
from statistics import mean
from xml.etree import ElementTree as ET

import pytest
from benchmark_pages import make_pages, make_records, told

share_map = pytest.importorskip("share_map")
SHARES = (0, 25, 50, 75, 100)


@pytest.fixture
def record():
    return json.loads(share_map.RECORD.read_text(encoding="utf-8"))


def table(record, score):
    """Means over seeds, worked out apart from the code of the picture."""
    return {
        (seen, unseen): mean(
            cell[score]
            for cell in record["cells"]
            if (cell["seen"], cell["unseen"]) == (seen, unseen)
        )
        for seen in SHARES
        for unseen in SHARES
        if 0 < seen < 100 or seen == unseen
    }


@pytest.mark.parametrize("score", ["H", "AUSUC"])
def test_each_number_is_where_it_belongs(record, score):
    svg = ET.fromstring(share_map.svg(record, score))
    expected = table(record, score)
    found = [(t.text, float(t.get("x")), float(t.get("y"))) for t in svg.iter("text")]
    at_seen = {x: int(text[:-2]) for text, x, y in found[3:] if y == found[3][2]}
    at_unseen = {y: int(text[:-2]) for text, x, y in found[3:] if x == found[4][1]}
    assert {*at_seen.values()} == {*at_unseen.values()} == {*SHARES}
    cells = {
        (at_seen[x], at_unseen[y]): text for text, x, y in found[3:] if "%" not in text
    }
    assert cells == {pair: f"{100 * value:.1f}" for pair, value in expected.items()}
    kinds = [rect.get("class") for rect in svg.iter("rect")]
    assert kinds.count("share") == 17
    assert kinds.count("share-none") == 8
    for (seen, unseen), text in cells.items():
        words = f"{text} at {seen} % of the seen and {unseen} % of the unseen"
        assert words in svg.get("aria-label")


def test_the_record_is_of_the_birds_and_of_the_setting_that_is_told(record):
    birds = make_records()["birds_attributes"]["data"]
    for part in ("features", "labels", "split"):
        assert record["data"]["sha256"][part] == birds["sha256"][part]
    assert record["settings"]["n_real"] == 200
    assert record["settings"]["n_synthetic"] == 400
    assert {cell["seed"] for cell in record["cells"]} == {0, 1, 2}


def test_what_the_text_says_is_what_the_record_says(record):
    page = make_pages()["methods/cada_vae"]
    for score in ("H", "AUSUC"):
        value = table(record, score)
        assert told(page, "with sentences for all unseen classes H rises from left")
        by_sentences = [value[seen, 100] for seen in SHARES[1:]]
        assert by_sentences == sorted(by_sentences)
        assert told(page, "and with attributes for all of them it falls")
        by_attributes = [value[seen, 0] for seen in SHARES[:-1]]
        assert by_attributes == sorted(by_attributes, reverse=True)
        assert told(page, "a quarter of the seen classes do at least as well")
        assert value[25, 100] >= value[0, 0]
        assert told(page, "half and half, each further share of unseen classes")
        half = [value[50, unseen] for unseen in SHARES]
        assert half == sorted(half)
        assert told(page, "sentences say more than attributes")
        assert value[100, 100] > value[0, 0] + 0.05
    assert told(page, "S is the same within two points in all cells")
    S = table(record, "S").values()
    assert max(S) - min(S) < 0.02
