"""The page on new generators: its code runs, and holds what the page promises."""

import inspect
import pickle
import re
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

from sklearn_gzsl.presets import paper_settings
from sklearn_gzsl.utils import METHODS

PAGE = Path(__file__).parents[1] / "docs" / "new_generator.rst"
# As in the tests' table of fast instances.
FAST = {"LinearGaussian": {"max_iter": 20}, "RidgeGaussian": {}}


def blocks():
    """The page's code, as its reader copies it."""
    code = PAGE.read_text(encoding="utf-8").split(".. code-block:: python\n")[1:]
    indented = [re.match(r"(?:    .*\n|\n)+", block).group() for block in code]
    return [inspect.cleandoc(text) + "\n" for text in indented]


NEURAL, USE, CLOSED_FORM, REGISTRATION = blocks()


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    """Both generators of the page, imported from a file as a user's are."""
    folder = tmp_path_factory.mktemp("toys")
    (folder / "toy_generators.py").write_text(NEURAL + CLOSED_FORM, encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield import_module("toy_generators")
    sys.path.remove(str(folder))
    del sys.modules["toy_generators"]


@pytest.fixture(params=FAST)
def toy(request, toys):
    return getattr(toys, request.param)(**FAST[request.param], random_state=0)


def test_a_generator_is_written_in_sixty_lines():
    assert len(NEURAL.splitlines()) <= 60


@pytest.mark.usefixtures("quick_softmax")
def test_its_use_is_as_shown(toys):
    shown = dict(vars(toys))
    exec(compile(USE, "new_generator.rst", "exec"), shown)
    # Twenty classes without rows among a hundred: chance is 0.01.
    assert shown["scores"]["U"] > 0.3
    assert shown["scores"]["S"] > 0.3


def test_scikit_learns_checks(toy):
    check_estimator(toy, on_skip=None)


def test_draws_of_unseen_classes(toy, animals):
    toy.set_params(**{k: 500 for k in ("max_iter",) if hasattr(toy, k)})
    toy.fit(animals.X, animals.y, animals.attributes)
    unseen = animals.attributes.subset(animals.unseen)
    drawn, labels = toy.sample(unseen, 200)
    assert drawn.dtype == np.float32
    assert_array_equal(labels, np.repeat(animals.unseen, 200))
    truth = [animals.X_test[animals.y_test == c].mean(axis=0) for c in animals.unseen]
    np.testing.assert_allclose(drawn.reshape(3, 200, 5).mean(axis=1), truth, atol=0.3)
    again = clone(toy).fit(animals.X, animals.y, animals.attributes)
    assert_array_equal(again.sample(unseen, 200)[0], drawn)


def test_storing(toy, animals):
    toy.fit(animals.X, animals.y, animals.attributes)
    before = toy.sample(animals.attributes, 3)[0]
    loaded = pickle.loads(pickle.dumps(toy))
    assert_array_equal(loaded.sample(animals.attributes, 3)[0], before)
    skops = pytest.importorskip("skops.io")
    data = skops.dumps(toy)
    to_trust = skops.get_untrusted_types(data=data)
    assert to_trust == [f"toy_generators.{type(toy).__name__}"]
    loaded = skops.loads(data, trusted=to_trust)
    assert_array_equal(loaded.sample(animals.attributes, 3)[0], before)


def test_a_misspelt_parameter(toy):
    with pytest.raises(TypeError, match=rf"{type(toy).__name__}\(\) .* 'rdge'"):
        type(toy)(rdge=1)
    with pytest.raises(ValueError, match="Invalid parameter 'rdge'"):
        toy.set_params(rdge=1)
    with pytest.raises(ValueError, match="The 'ridge' parameter"):
        toy.set_params(ridge=-1.0).fit(np.ones((2, 2)), [0, 1])


def test_documentation_is_whole(toy):
    for name in toy.get_params():
        assert f"\n{name} : " in type(toy).__doc__
    assert "\nclasses_ : " in type(toy).__doc__


def test_registration(toys):
    try:
        exec(compile(REGISTRATION, "new_generator.rst", "exec"), dict(vars(toys)))
        clf = paper_settings("lineargaussian", "cub")
    finally:
        method = METHODS.pop(toys.LinearGaussian)
    assert isinstance(clf.generator, toys.LinearGaussian)
    assert (clf.generator.ridge, clf.generator.max_iter) == (0.01, 20_000)
    # 25 passes over 7057 real rows and 300 of each of 50 unseen classes.
    assert clf.classifier.max_iter == 25 * -(-(7057 + 15_000) // 300)
    assert method.search.keys() <= clf.generator.get_params().keys()
