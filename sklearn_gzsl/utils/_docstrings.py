"""Class docstrings that state what is their own, and get the rest from the bases."""

import ast
import inspect
import re

_HEADING = re.compile(r"^(\w[\w ]*)\n-+$", re.MULTILINE)
_DEFAULT = re.compile(r"default=(.+)$")
# Section -> what stands between its entries.
_INHERITED = {"Parameters": "\n\n", "Attributes": "\n", "See Also": "\n"}


class InheritedDocs:
    """Base class of those whose docstrings are completed by what the bases document.

    Entries of the sections "Parameters", "Attributes" and "See Also" that a subclass
    leaves out follow its own: parameters where its constructor has them, and with the
    default that they have there. What a subclass documents itself stays.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # None without docstrings (python -OO), and where there is none to complete.
        if cls.__doc__:
            cls.__doc__ = _completed(cls)


def entries(section: str) -> dict[tuple[str, ...], str]:
    """The entries of a numpydoc section: names, of which one may have several -> text.

    The section is one of a docstring without common indentation.
    """
    texts = re.split(r"\n+(?=\S)", section.strip("\n"))
    heads = [text.split("\n")[0].split(" : ")[0] for text in texts]
    return {tuple(h.split(", ")): t for h, t in zip(heads, texts, strict=True) if h}


def sections(doc: str) -> dict[str, str]:
    """Title -> text of each section; the title of what comes before them is empty."""
    parts = ["", *_HEADING.split(inspect.cleandoc(doc))]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _completed(cls):
    found = sections(cls.__doc__)
    summary = found.pop("")
    # The order of numpydoc, also where a class documents none of its own.
    found = {title: found.pop(title, "") for title in _INHERITED} | found
    parameters = inspect.signature(cls.__init__).parameters
    for title, gap in _INHERITED.items():
        texts = entries(found[title])
        known = {name for names in texts for name in names}
        for names, text in _of_bases(cls, title).items():
            takes = title != "Parameters" or any(n in parameters for n in names)
            if takes and known.isdisjoint(names):
                known.update(names)
                texts[names] = _with_default(text, parameters.get(names[0]))
        found[title] = "\n" + gap.join(texts.values()) + "\n\n" if texts else ""
    text = "".join(
        f"{title}\n{'-' * len(title)}{body}" for title, body in found.items() if body
    )
    return (summary.rstrip() + "\n\n" + text).rstrip() + "\n"


def _of_bases(cls, title):
    """Entries of the bases, whose own docstrings are complete; the first one counts."""
    texts = {}
    for base in cls.__bases__:
        if issubclass(base, InheritedDocs) and base.__doc__:
            for names, text in entries(sections(base.__doc__).get(title, "")).items():
                texts.setdefault(names, text)
    return texts


def _with_default(text, parameter):
    """The entry with the default of ``parameter``, where it says another one."""
    head, *rest = text.split("\n", 1)
    said = _DEFAULT.search(head)
    if parameter is None or said is None:
        return text
    try:
        same = ast.literal_eval(said.group(1)) == parameter.default
    except (ValueError, SyntaxError):  # words, or an object
        same = True
    if same:
        return text
    default = parameter.default
    shown = f'"{default}"' if isinstance(default, str) else repr(default)
    return "\n".join([head[: said.start(1)] + shown, *rest])
