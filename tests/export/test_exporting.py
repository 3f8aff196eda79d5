from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime  # type: ignore[import-untyped]
import pytest
import torch
from support.external_data import has_external_data

from musedaemon.encoding import ENCODING_VERSION
from musedaemon.errors import ExportError
from musedaemon.model import rows
from musedaemon.model.card import CARD_KEY, ModelCard
from musedaemon.model.heads import HEADS
from musedaemon.model.onnx_model import INPUTS, OUTPUTS, OnnxModel
from musedaemon.model.protobuf import metadata
from musedaemon.model.rows import known_rows
from musedaemon_export import main as exporting
from musedaemon_export import quantising, verifying
from musedaemon_export.graphs import part_graphs
from musedaemon_export.verifying import LIMITS, Difference, differences, played_notes, too_large
from musedaemon_export.weights import net_of_file
from musedaemon_training import checkpoint
from musedaemon_training.checkpoint import Checkpoint, Config
from musedaemon_training.model import NoteNet, Sizes

EXPORT = Path(__file__).parents[2] / "export" / "export.py"
Array = npt.NDArray[np.float32 | np.int64]
SIZES = Sizes(hidden=32, layers=2)


@pytest.fixture(scope="module")
def kept() -> Checkpoint:
    torch.manual_seed(1)
    net = NoteNet(SIZES)
    return Checkpoint(Config(SIZES, scores={"sum": 5.123456}, recipe="python training/train.py"), net.state_dict())


@pytest.fixture(scope="module")
def folder(kept: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "best"
    checkpoint.save(path, kept.config, kept.weights)
    return path


_exported: dict[str, bytes] = {}


def exported(kept: Checkpoint, precision: str = "fp32") -> bytes:
    if precision not in _exported:
        _exported[precision] = exporting.export(kept, exporting.make_card(kept, precision))[0]
    return _exported[precision]


@pytest.mark.parametrize("options", [(), ("--int8",)])
def test_a_checkpoint_becomes_a_model_file(
    folder: Path, tmp_path: Path, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    notice, out = tmp_path / "NOTICE.md", tmp_path / "deep" / "model.onnx"
    notice.write_text("Songs by the long dead.")
    texts = ("--corpus", "songs", "--licence", "CC0", "--notice", str(notice), "--recipe", "train, twice")
    assert exporting.main([str(folder), "-o", str(out), *texts, *options]) == 0
    said = capsys.readouterr().out
    assert all(
        f"{name}: largest difference" in said for name in ("shift", "pitch", "velocity", "duration", "h_out", "c_out")
    )
    card = OnnxModel.load(out).card
    assert (card.corpus, card.licence, card.notice) == ("songs", "CC0", "Songs by the long dead.")
    assert (card.hidden, card.layers, card.scores) == (32, 2, {"sum": 5.1235})
    assert card.precision == ("int8" if options else "fp32")
    assert card.encoding_version == ENCODING_VERSION
    assert card.recipe == "train, twice"
    assert [path.name for path in out.parent.iterdir()] == ["model.onnx"]


def test_the_file_keeps_to_its_contract(kept: Checkpoint) -> None:
    data = exported(kept, "int8")
    proto = onnx.load_from_string(data)
    onnx.checker.check_model(proto)
    assert {i.name for i in proto.graph.input} == {
        *INPUTS,
        *(f"{head}_{what}" for head in HEADS for what in ("rows", "prepared")),
    }
    assert [o.name for o in proto.graph.output] == [*OUTPUTS, *(f"{head}_logits" for head in HEADS)]
    assert proto.ir_version <= 9
    assert {entry.domain: entry.version for entry in proto.opset_import} == {"": 17, "com.microsoft": 1}
    assert not has_external_data(data)
    assert json.loads(metadata(data)[CARD_KEY])["precision"] == "int8"


def kinds(graph: onnx.GraphProto) -> set[str]:
    return {node.op_type for node in graph.node}


def test_the_lstm_is_kept_and_quantised(kept: Checkpoint) -> None:
    assert "LSTM" in kinds(onnx.load_from_string(exported(kept)).graph)
    small = kinds(onnx.load_from_string(exported(kept, "int8")).graph)
    assert "DynamicQuantizeLSTM" in small
    assert not small & {"LSTM", "MatMul"}


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_any_number_of_rows_at_once_is_each_alone(kept: Checkpoint, precision: str) -> None:
    session = onnxruntime.InferenceSession(exported(kept, precision), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    batch, names = 3, [output.name for output in session.get_outputs()]
    known = np.sort(rng.integers(0, rows.PITCH, size=(1, batch, 7)))
    known[0, 1, 5:] = rows.NOTHING
    tables = ["rows", *(f"{head}_rows" for head in HEADS)]
    feed: dict[str, Array] = dict.fromkeys(tables, known)
    feed |= {name: rng.normal(size=(2, batch, 32)).astype(np.float32) for name in ("h", "c")}
    feed |= {f"{head}_prepared": rng.normal(size=(batch, 16)).astype(np.float32) for head in HEADS}
    together = dict(zip(names, session.run(names, feed), strict=True))
    for i in range(batch):
        one = {name: row(array, i) for name, array in feed.items()}
        one |= {name: one[name][:, :, one[name][0, 0] != rows.NOTHING] for name in tables}
        for name, alone in zip(names, session.run(names, one), strict=True):
            # Rows quantised together share one scale, so in int8 they are only nearly what they are alone.
            near = 1e-5 if precision == "fp32" else 0.1
            np.testing.assert_allclose(alone, row(together[name], i), atol=near)


def row(array: Array, index: int) -> Array:
    """One row of a batch: of [B, ...], or of [..., B, ...] where time or layers come first."""
    return array[index : index + 1] if array.ndim == 2 else array[:, index : index + 1]


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_daemons_heads_say_what_the_files_graph_says(kept: Checkpoint, precision: str) -> None:
    data = exported(kept, precision)
    model, graph = OnnxModel.from_bytes(data, "it"), onnxruntime.InferenceSession(data)
    state = model.initial_state()
    for context, pitch, velocity in played_notes(20):
        known, chosen = known_rows(context), [rows.PITCH + pitch, rows.VELOCITY + velocity]
        ours = (
            model.pitch_logits(state, context),
            model.velocity_logits(state, context, pitch),
            model.duration_logits(state, context, pitch, velocity),
        )
        given = {"rows": np.array([[[*known, *chosen]]]), "h": state.h, "c": state.c}
        for index, (head, share) in enumerate(zip(HEADS, np.split(state.prepared, len(HEADS)), strict=True)):
            given |= {f"{head}_rows": np.array([[[*known, *chosen[:index]]]]), f"{head}_prepared": share[None]}
        for said, heard in zip(graph.run([f"{head}_logits" for head in HEADS], given), ours, strict=True):
            assert said[0] == pytest.approx(heard, abs=1e-4)
        state = model.step(state, context, pitch, velocity)


def test_a_wrong_weight_is_found_and_nothing_is_written(
    kept: Checkpoint, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays = exporting._arrays

    def with_a_slip(net: NoteNet) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
        weights = arrays(net)
        weights["lstm.1.weight_hh_l0"] = weights["lstm.1.weight_hh_l0"].copy()
        weights["lstm.1.weight_hh_l0"][3, 3] += 0.5
        return weights

    monkeypatch.setattr(exporting, "_arrays", with_a_slip)
    out = tmp_path / "out" / "model.onnx"
    assert exporting.main([str(folder), "-o", str(out)]) == 2
    assert "torch and onnxruntime disagree, nothing was written" in capsys.readouterr().err
    assert not out.parent.exists()


def test_a_difference_that_is_no_number_is_too_large() -> None:
    fine = Difference("pitch", 1e-6, 0.0)
    assert too_large([fine], "fp32") == []
    for bad in (Difference("pitch", float("nan"), 0.0), Difference("h_out", 1.0, 0.0), Difference("pitch", 0.0, 1.0)):
        assert too_large([fine, bad], "fp32") == [bad]
    assert LIMITS["int8"].bits < 0.05


def test_a_state_that_is_lost_is_too_large() -> None:
    """Zeros in place of a state that was trained: h is below 1, so a limit made for logits would let them pass.

    The fp32 form of an int8 file is judged too, so its cells may count their own way.
    """
    h, c = Difference("h_out", 0.9), Difference("c_out", 1.0)
    assert too_large([h, c], "fp32") == [h, c]
    assert too_large([h, c], "int8") == [h]


def test_a_graph_that_is_wrong_is_refused_in_int8_as_in_fp32(kept: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"fp32": LIMITS["fp32"]._replace(bits=-1.0), "int8": LIMITS["int8"]}
    monkeypatch.setattr(verifying, "LIMITS", limits)
    with pytest.raises(ExportError, match="disagree, nothing was written; please report it"):
        exporting.export(kept, exporting.make_card(kept, "int8"))


def test_the_verification_hears_at_least_500_notes(kept: Checkpoint) -> None:
    class Counted(OnnxModel):
        steps = 0

        def step(self, *note: object) -> object:  # type: ignore[override]
            Counted.steps += 1
            return super().step(*note)  # type: ignore[arg-type]

    model = OnnxModel.from_bytes(exported(kept), "counted")
    model.__class__ = Counted
    differences(kept.net(), model)
    assert Counted.steps >= 500


def test_int8_without_its_preparation_is_refused(kept: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def copied(source: Path, target: Path, **options: object) -> None:
        target.write_bytes(source.read_bytes())

    monkeypatch.setattr(quantising, "quant_pre_process", copied)
    monkeypatch.setattr(quantising, "quantize_dynamic", copied)
    arrays = {name: tensor.numpy() for name, tensor in kept.weights.items()}
    with pytest.raises(ExportError, match="left LSTM, MatMul in float32"):
        quantising.quantised(part_graphs(arrays, 32, 2)[:1])


@pytest.mark.parametrize(("precision", "near"), [("fp32", 0.0), ("int8", 0.01)])
def test_weights_come_back_from_the_file(kept: Checkpoint, tmp_path: Path, precision: str, near: float) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(exported(kept, precision))
    for name, tensor in net_of_file(path).state_dict().items():
        own = kept.weights[name]
        assert (tensor - own).abs().max() <= near * own.abs().max(), name


def test_mistakes_are_one_sentence_and_status_2(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    mistakes = [
        ([str(tmp_path / "nowhere"), "-o", str(tmp_path / "m.onnx")], "nowhere is not a checkpoint"),
        ([str(folder), "-o", str(tmp_path / "file" / "m.onnx")], "cannot be written"),
        ([str(folder), "-o", str(tmp_path / "m.onnx"), "--notice", str(tmp_path / "no.md")], "cannot be read"),
    ]
    for arguments, message in mistakes:
        assert exporting.main(arguments) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_as_a_command(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(EXPORT), str(folder), "-o", str(tmp_path / "model.onnx")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "torch and onnxruntime agree over 600 notes" in done.stdout


def test_a_card_tells_the_command_and_counts_the_parameters(kept: Checkpoint) -> None:
    card: ModelCard = exporting.make_card(kept, "fp32")
    assert card.recipe == "python training/train.py"
    assert card.parameters == sum(tensor.numel() for tensor in kept.weights.values())
