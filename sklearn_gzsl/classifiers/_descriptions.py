"""Where an estimator's fit takes the class attributes, without metadata routing."""

from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline


def path_to_descriptions(estimator):
    """What the fit of an estimator calls the class attributes.

    A pipeline takes them as ``<step>__class_attributes``, and a search passes on what
    it gets. Our own meta-estimators take them as they are.
    """
    path = []
    while isinstance(estimator, Pipeline | BaseSearchCV):
        if isinstance(estimator, Pipeline):
            name, estimator = estimator.steps[-1]
            path.append(name)
        else:
            estimator = estimator.estimator
    return "__".join([*path, "class_attributes"])
