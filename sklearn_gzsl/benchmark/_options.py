"""What can be asked for by name; imports nothing, so that ``--help`` is quick."""

# The loader in ``sklearn_gzsl.datasets`` of each built-in data set.
BUILT_IN = {
    "two-digit-numbers": "load_two_digit_numbers",
    "intents": "load_intents",
    "make-gzsl-classification": "make_gzsl_classification",
}
# The table of descriptions in an .npz file, and the word for every one that it holds.
TABLE = "att"
ALL_TABLES = "all"
# Final classifiers behind a generator; what GZSLClassifier takes by itself comes first.
HEADS = ("prototypes", "softmax")
# Of tables.
STYLES = ("text", "markdown", "rst", "latex", "html", "csv")
N_LOOKS = 25
PROTOCOLS = {
    "honest": "honest: one look at the test rows per fit, and nothing chosen on them",
    "published": (
        f"published: best H of up to {N_LOOKS} looks at the test rows per fit, chosen "
        "ON THE TEST ROWS as most papers do; compare with papers only"
    ),
}
# Which test rows are adapted to without their labels. Such figures are transductive.
UNLABELLED = {
    "half": "transductive: adapted to a random half of the test rows without their "
    "labels, the other half scored; not comparable with inductive figures",
    "test": "transductive: adapted to all test rows without their labels, which are "
    "then scored; not comparable with inductive figures",
}
