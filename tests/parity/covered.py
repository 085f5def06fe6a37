"""The page docs/keras.md: what each public name of Keras is here, as the code has it.

    python tests/parity/covered.py

writes the page from ``recorded/public.json`` (what Keras has) and from what stands at
the same paths here. Only the reasons for what is absent are written by hand, below.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parent.parent / "docs" / "keras.md"
if __name__ == "__main__":
    sys.path.insert(0, str(TESTS.parent.parent))

from cases.public import described  # noqa: E402  # the path stands above
from comparison import recorded  # noqa: E402

from tinygrad_lr import alias, arguments  # noqa: E402

alias.uninstall()  # its tables are wanted here, not that `import keras` means us

# Why a name is absent: the first pattern that its path matches. What no pattern
# matches is simply not there yet.
ABSENT = {
    r"keras\.applications\b": "large networks with weights to download",
    r"keras\.(quantizers|dtype_policies|mixed_precision)\b": "NumPy computes in the "
    "precision of the arrays; no quantization",
    r"keras\.distribution\b": "one process on one machine",
    r"keras\.distillation\b": "training large models for small ones is another subject",
    r"keras\.export\b": "for serving with TensorFlow",
    r"keras\.visualization\b|bounding_box|BoundingBox": "pictures and boxes are "
    "another subject",
    r"keras\.optimizers\.legacy\b": "placeholders that only raise in Keras, too",
    r"Conv(olution)?[123]D|Conv2DTranspose|ConvLSTM|Pool(ing)?[123]D"
    r"|keras\.ops\S*(conv|pool|fold)": "convolution and what goes with it: not yet",
    r"legacy\.saving|utils\.legacy": "keras.saving reads old forms, too",
    r"LSTM|GRU|\bRNN|RNNCell|SimpleRNN|StackedRNN|Bidirectional": "recurrent layers: "
    "not yet",
    r"Attention": "attention: not yet",
    r"layers\.(Random|Center|Rand|Aug|Auto|CutMix|MixUp|Equalization|Solarization"
    r"|Resizing|Pipeline|MaxNum|Contrast)|ops\.image\.|image_dataset|load_img|save_img"
    r"|array_to_img|img_to_array|smart_resize|Adaptive\w+Pool": "image processing "
    "is another subject",
    r"Spectrogram|stft|audio_|istft": "audio is another subject",
    r"TFSMLayer|FlaxLayer|JaxLayer|TorchModuleWrapper": "another framework's layer",
    r"text_dataset_from": "files of texts are read with pathlib and TextVectorization",
    r"flash_attention|is_nnx_enabled|set_backend": "there is one backend, NumPy",
    r"OrbaxCheckpoint": "writes with a library of JAX",
    r"quantiz|Quantizer|fp8|Float8|int8": "no quantization",
    r"remat|RematScope": "rematerialization saves memory of accelerators",
    r"keras\.(device|Stateless)|backend\.(Stateless|device)": "for JAX's compiler",
}  # fmt: skip

# Members that are Keras's machinery for other frameworks; a class may lack them. The
# steps take a `state` on JAX only.
MACHINERY = re.compile(
    r"stateless_|quantiz|enable_lora|jax_|convert_weight|variable_serialization_spec"
    r"|rematerialized_call|overwrite_with_gradient|state_tree|^aggregation$"
    r"|^(train|test|predict)_step$|^synchronization$|compute_loss_and_updates|^export$|ragged|row_splits"
)

HEAD = """# What there is of Keras

Every public name of Keras {version}, and its state here. This page is written by
`python tests/parity/covered.py` from the code; a test holds the two together.

- **same**: the name stands under the same path, and every parameter of Keras stands in
  its place with its default, in the constructor and in the public methods of a class,
  so that every call that Keras takes is taken;
- **partly**: it is there, and what differs is listed;
- **absent**: with the reason.

Numbers are compared elsewhere: see [parity.md](parity.md). A class is not asked for
what belongs to other frameworks (`stateless_...`, quantization, LoRA, `export`).
"""


class State(NamedTuple):
    """``same``, ``partly`` or ``absent``, and what there is to say about it."""

    kind: str
    remark: str = ""


def state(path: str, theirs: Any, ours: dict[str, Any]) -> State:
    """The state of one name, given its description in Keras and the names here."""
    name = path.rpartition(".")[2]
    if name not in ours:
        found = (why for key, why in ABSENT.items() if re.search(key, path))
        return State("absent", next(found, "not yet"))
    value = ours[name]
    if not isinstance(theirs, dict):
        differ = list(differences(theirs, described(value), set()))
    elif not isinstance(value, type):
        given = differences(theirs["init"], described(value), set())
        differ = ["a function, not a class", *given]
    else:
        differ = list(class_differences(theirs, value))
    return State("partly", "; ".join(differ)) if differ else State("same")


def class_differences(theirs: dict[str, Any], value: type) -> Iterator[str]:
    """What the constructor and the members of a class lack."""
    mine = described(value)
    known = set(arguments.accepted_by(value).names)
    yield from differences(theirs["init"], mine["init"], known)
    without = []
    for name, expected in theirs["members"].items():
        if MACHINERY.search(name):
            continue
        if name not in mine["members"]:
            # An attribute may exist on objects only: __init__ or build sets it.
            if expected is not None or not mentions(value, name):
                without.append(f"`{name}`")
        else:
            lacking = list(differences(expected, mine["members"][name], set()))
            if lacking:
                yield f"`{name}`: {', '.join(lacking)}"
    if without:
        yield f"no {', '.join(without)}"


def mentions(kind: type, name: str) -> bool:
    """Whether methods of a class set an attribute of that name."""
    functions = (f for base in kind.__mro__ for f in vars(base).values())
    return any(
        name in code.co_names for f in functions if (code := getattr(f, "__code__", 0))
    )


PARAMETER = re.compile(r"(\*, |/, |\**)(\w+)(?:=(.*))?", re.S)
BY_POSITION, BY_KEYWORD, STARS = "/, ", "*, ", ("*", "**")


def differences(theirs: Any, ours: Any, by_keyword: set[str]) -> Iterator[str]:
    """The parameters of Keras that are not here, in another place, or of another
    default. What ``**kwargs`` of Keras takes are a base class's parameters.
    """
    if theirs is None or ours is None:
        return
    here = {name: (how, default) for how, name, default in split(ours)}
    order = list(here)
    for place, (how, name, default) in enumerate(split(theirs)):
        mine, other = here.get(name, ("absent", None))
        if mine == "absent":
            yield (
                f"`{name}=` by keyword only" if name in by_keyword else f"no `{name}=`"
            )
        elif default is not None and other != default:
            yield f"`{name}={other}` instead of `{default}`"
        elif mine == BY_POSITION != how:
            yield f"`{name}` by position only"
        elif mine == BY_KEYWORD != how:
            yield f"`{name}=` by keyword only"
        elif how != BY_KEYWORD and order.index(name) != place:
            yield f"`{name}=` in another place"


def split(parameters: list[str]) -> list[tuple[str, str, str | None]]:
    """How a parameter is given, its name and its default; those with stars left out."""
    found = (PARAMETER.fullmatch(parameter) for parameter in parameters)
    parts = [(match[1], match[2], match[3]) for match in found if match]
    return [part for part in parts if part[0] not in STARS]


def table(module: str, theirs: dict[str, Any]) -> dict[str, State]:
    """The state of every name of a module."""
    ours = alias.names_of(module) if module in alias.PATHS else {}
    return {name: state(f"{module}.{name}", theirs[name], ours) for name in theirs}


def page() -> str:
    """The whole page."""
    public = recorded("public")
    del public["modules"]
    tables = {module: table(module, public[module]) for module in public}
    tables = {module: rows for module, rows in tables.items() if rows}
    whole = {
        module
        for module, rows in tables.items()
        if all(row.kind == "absent" for row in rows.values())
        and len({row.remark for row in rows.values()}) == 1
    }
    lines = [HEAD.format(version=alias.KERAS_VERSION)]
    lines += [
        "| module | names | same | partly | absent |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [summary(m, tables[m]) for m in tables if m not in whole]
    everything = {(m, name): row for m in tables for name, row in tables[m].items()}
    lines += [summary("all", everything), "", *absent_modules(tables, whole)]
    for module, rows in tables.items():
        if module not in whole:
            lines += section(module, rows)
    return "\n".join(lines) + "\n"


def summary(title: str, rows: dict[Any, State]) -> str:
    """A row of numbers."""
    kinds = [row.kind for row in rows.values()]
    counts = [kinds.count(kind) for kind in ("same", "partly", "absent")]
    return f"| {title} | {' | '.join(map(str, [len(rows), *counts]))} |"


def absent_modules(
    tables: dict[str, dict[str, State]], whole: set[str]
) -> Iterator[str]:
    """A table of modules that are absent as a whole, those of one reason in a row."""
    reasons: dict[str, list[str]] = {}
    for module in (m for m in tables if m in whole):
        reason = next(iter(tables[module].values())).remark
        reasons.setdefault(reason, []).append(module)
    yield "| absent as a whole | names | why |"
    yield "|---|---:|---|"
    for reason, modules in reasons.items():
        count = sum(len(tables[module]) for module in modules)
        yield f"| {', '.join(modules)} | {count} | {reason} |"
    yield ""


def section(module: str, rows: dict[str, State]) -> Iterator[str]:
    """The names of one module: same ones in a paragraph, the others in tables."""
    by_kind: dict[str, list[str]] = {}
    for name, row in rows.items():
        by_kind.setdefault(row.kind, []).append(name)
    yield f"## {module}\n"
    if "same" in by_kind:
        yield f"**same** ({len(by_kind['same'])}): {listed(by_kind['same'])}\n"
    if "partly" in by_kind:
        yield "| partly | what differs |\n|---|---|"
        yield from (f"| `{name}` | {rows[name].remark} |" for name in by_kind["partly"])
        yield ""
    if "absent" in by_kind:
        yield "| absent | why |\n|---|---|"
        reasons: dict[str, list[str]] = {}
        for name in by_kind["absent"]:
            reasons.setdefault(rows[name].remark, []).append(name)
        for reason, names in reasons.items():
            yield f"| {listed(names)} | {reason} |"
        yield ""


def listed(names: list[str]) -> str:
    """Names as code, with commas."""
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE}: {len(PAGE.read_text(encoding='utf-8')):,} characters")
