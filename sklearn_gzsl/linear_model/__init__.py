"""Linear classifiers of any rows; ``sklearn_gzsl`` exports them.

Nothing is imported here: IncrementalLDA needs no torch, whose import takes seconds.
"""
