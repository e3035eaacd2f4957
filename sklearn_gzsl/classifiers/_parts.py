"""Parts of a classifier that are left at their default, or fitted beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from .._sklearn_compat import _VisualBlock
from ..linear_model._softmax import SoftmaxClassifier
from ..synthesis import asks_for_seen, check_asks, is_streamed
from ..training import checkpoints
from ..utils import few, learner_inside, warn

if TYPE_CHECKING:
    from typing_extensions import Self


class DefaultPartsMixin:
    """For parameters that are None by default and then stand for an estimator.

    ``_default_parts`` has what makes that estimator, by the name of the parameter.
    """

    def _part(self, name):
        part = getattr(self, name)
        return self._default_parts[name]() if part is None else part

    def set_params(self, **params: Any) -> Self:
        """Set the parameters of this estimator, and those of its parts.

        Parts may be set whether they were given or not: a parameter of one that is
        None, such as ``generator__max_iter=500``, puts the default there first.

        Parameters
        ----------
        **params : dict
            Parameters by name, those of a part as ``<part>__<parameter>``.

        Returns
        -------
        self : object
        """
        for name, default in self._default_parts.items():
            own = [key for key in params if key.startswith(f"{name}__")]
            if own and params.get(name, getattr(self, name)) is None:
                # Set before it is put there: a misspelt name leaves all as it was.
                params[name] = default().set_params(
                    **{key.removeprefix(f"{name}__"): params.pop(key) for key in own}
                )
        return super().set_params(**params)


class FinalClassifierMixin:
    """How GZSLClassifier comes by the classifier that it trains."""

    def _sk_visual_block_(self):
        """What notebooks show: what rows pass through, defaults included."""
        names = ["preprocessor", "generator", "classifier"]
        fitted = hasattr(self, "classifier_")
        parts = [getattr(self, f"{n}_") if fitted else self._part(n) for n in names]
        return block_of("serial", names, parts)

    def _checked_classifier(self, before=None):
        """The classifier to train; with what the one before it chose by itself."""
        if self.candidate_classes == "unseen" and not len(self.unseen_classes_):
            raise ValueError(
                "candidate_classes='unseen', but every class of class_attributes has "
                "rows in y; describe classes without rows, or use 'all'."
            )
        if self.classifier is None and len(self.class_attributes_.sources) > 1:
            classifier = SoftmaxClassifier()  # prototypes are predicted from one
        else:
            classifier = self._part("classifier")
        all_classes = self._taught(classifier) == "all"
        _check_classifier(
            classifier, self.classes_ if all_classes else self.unseen_classes_
        )
        kept = [folder for folder in checkpoints(classifier).values() if folder]
        trained = not isinstance(classifier, FrozenEstimator)
        if kept and trained and self.random_state is None:
            raise ValueError(
                f"The classifier has checkpoint={str(kept[0])!r}, but random_state is "
                "None: its synthetic rows are others in each fit, so that a training "
                "that was cut off could not go on. Give GZSLClassifier an int as "
                "random_state."
            )
        if chosen := chosen_settings(classifier, before):
            classifier = clone(classifier).set_params(**chosen)
        return classifier

    def _taught(self, classifier):
        """Classes that the classifier learns: "all" or "unseen"."""
        # What learns from seen classes how unseen ones look needs their rows, whatever
        # the candidates: it would take synthetic rows for them.
        return "all" if asks_for_seen(classifier) else self.candidate_classes

    def _check_memory(self, classifier, n_features):
        """Refuse more synthetic rows than the classifier could learn from."""
        all_classes = self._taught(classifier) == self.synthesize == "all"
        synthesized = self.classes_ if all_classes else self.unseen_classes_
        is_streamed(
            classifier,
            len(synthesized),
            self.n_synthetic_,
            n_features,
            self.memory_limit,
        )


def block_of(kind, names, parts):
    """What notebooks show of named estimators, in series or side by side."""
    kinds = [part if isinstance(part, str) else type(part).__name__ for part in parts]
    return _VisualBlock(
        kind,
        parts,
        names=[f"{name}: {kind}" for name, kind in zip(names, kinds, strict=True)],
        name_details=[str(part) for part in parts],
    )


def chosen_settings(part, fitted):
    """What a part need not choose again, as a fitted one like it has: parameters."""
    (part, prefix), (fitted, _) = learner_inside(part), learner_inside(fitted)
    settings = getattr(fitted, "settings_", {})
    if type(part) is not type(fitted) or not settings:
        return {}
    # A user's own part may mean something else by this name.
    return {
        prefix + name: settings[name]
        for name, value in part.get_params(deep=False).items()
        if isinstance(value, str) and value == "auto" and name in settings
    }


def settled(fitted):
    """A clone to be fitted on folds, with what the fitted one has chosen by itself.

    To choose it anew takes longer than all else, and hardly changed H. It is known of
    what chooses ``settings_``: alone, in a pipeline, or as part of a GZSLClassifier.
    """
    if isinstance(fitted, Pipeline):
        return with_last_step(fitted, settled)
    alike = clone(fitted)
    alike.set_params(**chosen_settings(fitted, fitted))
    # Others may have fitted parts of these names, too, and parameters of other names.
    for name in fitted._default_parts if isinstance(fitted, DefaultPartsMixin) else ():
        inside = getattr(fitted, f"{name}_", None)
        chosen = chosen_settings(inside, inside)
        alike.set_params(
            **{f"{name}__{setting}": chosen[setting] for setting in chosen}
        )
    return alike


def with_last_step(pipeline, alike):
    """A clone of a fitted pipeline, with what ``alike`` makes of its last step."""
    name, last = pipeline.steps[-1]
    return clone(pipeline).set_params(**{name: alike(last)})


def _check_classifier(classifier, classes):
    """Refuse what cannot become a classifier of these classes, before any training."""
    # StackingClassifier, for one, has no predict before fit.
    if not (hasattr(classifier, "predict") or is_classifier(classifier)):
        raise ValueError(
            "The 'classifier' parameter of GZSLClassifier must be a classifier. Got "
            f"{classifier!r} instead."
        )
    # Its n (n - 1) / 2 columns would be taken for classes.
    if getattr(classifier, "decision_function_shape", None) == "ovo":
        raise ValueError(
            f"classifier={classifier!r} scores pairs of classes; give it "
            "decision_function_shape='ovr', so that there is one score per class."
        )
    check_asks(classifier)
    if not isinstance(classifier, FrozenEstimator):
        return
    check_is_fitted(classifier)
    known = np.asarray(classifier.classes_)
    if not np.array_equal(known, classes):
        extra = sorted(set(known.tolist()) - set(classes.tolist()))
        lacking = sorted(set(classes.tolist()) - set(known.tolist()))
        raise ValueError(
            f"classifier={classifier!r} is frozen and knows other classes than are to "
            f"be told apart: {few(extra)} are additional and {few(lacking)} are "
            "missing. Freeze one that was fitted on the same classes, or give an "
            "unfitted one."
        )


def warn_of_met_classes(generator, unseen_classes):
    """Warn of a frozen generator that has learned from rows of unseen classes."""
    if isinstance(generator, FrozenEstimator) and hasattr(generator, "classes_"):
        met = unseen_classes[np.isin(unseen_classes, generator.classes_)]
        if met.size:
            warn(
                f"The frozen generator has learned from rows of {few(met)}, which are "
                "unseen here: scores say nothing about classes without rows. To choose "
                "parameters or a seen penalty, give an unfitted generator.",
            )
