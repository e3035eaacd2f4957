"""Names of flat hit@k on rows that stay on disk, and their part of a table."""

KS = (1, 2, 5, 10, 20)
# Which rows, and with which classes to choose from.
SETTINGS = {
    "ZSL": "unseen rows, unseen classes",
    "unseen": "unseen rows, all classes",
    "seen": "seen rows, all classes",
}
MEANS = {"": "per class", "pooled ": "over rows"}


def hit_name(setting, mean, k):
    """The name of a figure in the scores of a fit."""
    return f"{setting} {mean}hit@{k}"


def hit_rows(means, cell):
    """Head and rows of the table of hits; no rows where there are none.

    ``means`` are methods and their mean scores.
    """
    head = ["Method", "Rows", "Mean", *(f"hit@{k}" for k in KS)]
    rows = []
    for method, scores in means:
        for setting, said in SETTINGS.items():
            for mean, word in MEANS.items():
                figures = [scores.get(hit_name(setting, mean, k)) for k in KS]
                if all(figures):
                    rows.append([method, said, word, *map(cell, figures)])
    return head, rows
