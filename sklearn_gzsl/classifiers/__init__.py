"""Classifiers of seen and unseen classes; ``sklearn_gzsl`` exports them.

Nothing is imported here: some of them need no torch, whose import takes seconds.
"""
