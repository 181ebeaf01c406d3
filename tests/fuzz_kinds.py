"""What is damaged: files of every kind the program reads, and the commands that read them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import joblib
import numpy as np

from tests.shell import fitted

HOME = Path(__file__).parent.parent
FIXTURES, DEMO = HOME / "fixtures", HOME / "docs/demo"
SPECIES = ("--sample", str(DEMO / "species.csv"))
Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: what makes healthy ones, which of them (a glob) is damaged, and who reads it."""

    name: str
    make: Callable[[Path], None]
    damaged: str
    commands: tuple[Command, ...]


def pipelines(name: str, *given: str) -> tuple[Command, ...]:
    return (
        ("convert", name, "-o", "out.onnx", "--no-verify", "--no-fallback", *given),
        ("convert", name, "--explain", "--no-fallback", *given),
        ("inspect", name, *given),
    )


def copied(path: Path, name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (shutil.copytree if path.is_dir() else shutil.copy)(path, folder / name)

    return make


@cache
def converted() -> dict[str, bytes]:
    """A small model, its lock and golden rows, by relative path."""
    import tempfile

    from onnxpipe.cli import main

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pipeline, rows = fitted()
        joblib.dump(pipeline, folder / "pipe.joblib")
        np.save(folder / "rows.npy", rows)
        assert main(["convert", str(folder / "pipe.joblib"), "-o", str(folder / "model.onnx"), "-q"]) == 0
        return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def model(folder: Path) -> None:
    for name, data in converted().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def tables(folder: Path) -> None:
    """The same rows in every form a table may have, and a model of named columns for all but the matrix."""
    import pandas as pd

    from onnxpipe.cli import main

    model(folder)
    rows = np.load(folder / "rows.npy")
    frame = pd.DataFrame(rows, columns=["a", "b", "c"])
    joblib.dump(fitted()[0].fit(frame, rows[:, 0] > 0), folder / "named.joblib")
    assert (
        main(["convert", str(folder / "named.joblib"), "-o", str(folder / "named.onnx"), "-q", "--no-verify"])
        == 0
    )
    frame["text"] = [f"a,{i}" for i in range(len(rows))]
    frame.to_parquet(folder / "rows_parquet")
    frame.to_csv(folder / "rows_csv", index=False)
    frame.to_json(folder / "rows_jsonl", orient="records", lines=True)
    with (folder / "rows_npz").open("wb") as npz, (folder / "rows_npy").open("wb") as npy:
        np.savez(npz, **{name: frame[name].to_numpy() for name in "abc"})
        np.save(npy, rows)


def table(form: str) -> Kind:
    name = f"rows_{form}"
    model, source = ("model.onnx", "pipe.joblib") if form == "npy" else ("named.onnx", "named.joblib")
    commands = (
        ("score", model, "--data", name, "-o", "answers.csv"),
        ("convert", source, "-o", "out.onnx", "--no-verify", "--sample", name),
    )
    return Kind(form, tables, name, commands)


MANIFEST = """\
# two parts
parts:
  - name: model
    model: model.onnx
  - name: best
    component: sorted_probabilities
    parameters:
      top: 2
      file: labels.txt
wires:
  - model.predict_proba=best.predict_proba
outputs: [labels, "p=best.probabilities"]
"""


def manifest(folder: Path) -> None:
    model(folder)
    (folder / "labels.txt").write_text("no\nyes\n")
    (folder / "stitch.yaml").write_text(MANIFEST)


def settings(folder: Path) -> None:
    model(folder)
    (folder / "pyproject.toml").write_text(
        '[tool.onnxpipe]\ndtype = "float32"\n[tool.onnxpipe.skew]\nstrict = true\n'
    )


def boosters() -> Any:
    rows = np.random.default_rng(0).normal(size=(60, 3))
    return rows, (rows[:, 0] + rows[:, 1] > 0).astype(int)


def xgboost(folder: Path) -> None:
    from xgboost import XGBClassifier

    fit = XGBClassifier(n_estimators=3, max_depth=2).fit(*boosters())
    for suffix in ("json", "ubj"):
        fit.save_model(folder / f"model.{suffix}")


def lightgbm(folder: Path) -> None:
    from lightgbm import LGBMClassifier

    fit = LGBMClassifier(n_estimators=3, min_child_samples=2, verbose=-1).fit(*boosters())
    fit.booster_.save_model(folder / "model.txt")


def machine(pattern: str) -> Callable[[Path], None]:
    """A model text of LIBSVM or LIBLINEAR."""

    def make(folder: Path) -> None:
        document = json.loads(min(FIXTURES.glob(f"svm/{pattern}")).read_text())
        (folder / "model.svm").write_text(document["model"])

    return make


def hdf5(folder: Path) -> None:
    """A model of one dense layer as Keras 2 saved it."""
    import h5py

    first = {"name": "x", "batch_shape": [None, 2], "dtype": "float32"}
    dense = {"name": "dense", "units": 1, "activation": "linear", "use_bias": True, "dtype": "float32"}
    layers = [
        {"module": "keras.layers", "class_name": kind, "config": config}
        for kind, config in (("InputLayer", first), ("Dense", dense))
    ]
    told = {"module": "keras", "class_name": "Sequential", "config": {"name": "m", "layers": layers}}
    with h5py.File(folder / "model.h5", "w") as file:
        file.attrs["keras_version"], file.attrs["model_config"] = "3.15.1", json.dumps(told)
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = ["dense"]
        group = weights.create_group("dense")
        group.attrs["weight_names"] = ["dense/kernel", "dense/bias"]
        group["dense/kernel"], group["dense/bias"] = np.ones((2, 1), "f4"), np.zeros(1, "f4")


def script(folder: Path) -> None:
    """TorchScript as far as onnxpipe reads it: its code, and pickles that only torch opens."""
    code = "def forward(self, x: Tensor) -> Tensor:\n  return torch.add(x, x)\n"
    members = {"code/__torch__.py": code, "constants.pkl": b"\x80\x02).", "data.pkl": b"\x80\x02)."}
    with ZipFile(folder / "net.pt", "w") as archive:
        for name, data in {**members, "version": "3"}.items():
            archive.writestr(f"net/{name}", data)


READERS = (
    ("inspect", "model.onnx"),
    ("verify", "model.onnx"),
    ("score", "model.onnx", "--data", "rows.npy", "-o", "answers.csv"),
    ("stitch", "model.onnx", "-o", "out.onnx"),
)
KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "pickle",
            copied(FIXTURES / "penguins_boosting_1_3/pipeline.pkl", "p.pkl"),
            "p.pkl",
            pipelines("p.pkl"),
        ),
        Kind(
            "joblib", copied(FIXTURES / "penguins_forest/pipeline.joblib", "p.jl"), "p.jl", pipelines("p.jl")
        ),
        Kind(
            "skops",
            copied(FIXTURES / "scaled_logistic/pipeline.skops", "p.skops"),
            "p.skops",
            pipelines("p.skops"),
        ),
        Kind(
            "spark", copied(FIXTURES / "spark_textbook_4_3/saved", "saved"), "saved/**/*", pipelines("saved")
        ),
        Kind(
            "keras",
            copied(FIXTURES / "mixed_sklearn_keras/network.keras", "m.keras"),
            "m.keras",
            pipelines("m.keras"),
        ),
        Kind("hdf5", hdf5, "model.h5", pipelines("model.h5")),
        Kind(
            "exported",
            copied(FIXTURES / "mixed_image_torch/network.pt2", "net.pt2"),
            "net.pt2",
            (("inspect", "net.pt2"),),
        ),
        Kind("torchscript", script, "net.pt", (("inspect", "net.pt"),)),
        Kind("xgboost", xgboost, "model.*", pipelines("model.json") + pipelines("model.ubj")),
        Kind("lightgbm", lightgbm, "model.txt", pipelines("model.txt")),
        Kind("catboost", copied(DEMO / "species.cbm", "m.cbm"), "m.cbm", pipelines("m.cbm", *SPECIES)),
        Kind("liblinear", machine("*L2R_LR*"), "model.svm", pipelines("model.svm")),
        Kind("libsvm", machine("libsvm.c_svc_s_0_t_2*b_1*"), "model.svm", pipelines("model.svm")),
        Kind(
            "synapse", copied(FIXTURES / "spark_lightgbm/binary", "saved"), "saved/**/*", pipelines("saved")
        ),
        Kind(
            "savedmodel",
            copied(FIXTURES / "tensorflow_transform/saved", "saved"),
            "saved/*.pb",
            (("inspect", "saved"),),
        ),
        Kind(
            "checkpoint",
            copied(FIXTURES / "torch_lightning/last.ckpt", "last.ckpt"),
            "last.ckpt",
            (("inspect", "last.ckpt"),),
        ),
        Kind("onnx", model, "model.onnx", READERS),
        Kind("golden", model, "model.golden/*/*.pb", (("verify", "model.onnx"),)),
        Kind("lock", model, "model.onnx.lock", (("skew", "model.onnx.lock"), ("skew", "model.onnx"))),
        *map(table, ("csv", "parquet", "jsonl", "npz", "npy")),
        Kind("manifest", manifest, "stitch.yaml", (("stitch", "stitch.yaml", "-o", "out.onnx"),)),
        Kind(
            "settings", settings, "pyproject.toml", (("skew", "model.onnx.lock"), ("inspect", "model.onnx"))
        ),
    )
}
"""Every kind by name."""
