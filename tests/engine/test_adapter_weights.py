"""Adapters in a model: strength 0 is the model itself, strength 1 what mlx_lm computes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters import build_adapter

TOKENS = (1, 504, 3575, 282, 4649, 314)

LINEAR = ("self_attn.q_proj", "mlp.down_proj")
EMBEDDING = ("model.embed_tokens",)
EXPERTS = ("mlp.switch_mlp.up_proj", "mlp.switch_mlp.down_proj")


@pytest.fixture(
    params=[
        ("lora", LINEAR, "tiny_model"),
        ("lora", EMBEDDING, "tiny_model"),
        ("lora", EXPERTS, "tiny_moe"),
        ("lora", None, "tiny_moe"),
        ("dora", LINEAR, "tiny_model"),
        ("dora", EMBEDDING, "tiny_model"),
        ("dora", None, "tiny_model"),
        ("full", None, "tiny_model"),
    ],
    ids=lambda kind: f"{kind[0]}-{kind[1][0] if kind[1] else 'all'}",
)
def tuned(request, tmp_path) -> tuple[Path, Path]:
    """A model, and an adapter for one kind of its layers."""
    kind, keys, fixture = request.param
    model = request.getfixturevalue(fixture)
    return model, build_adapter(tmp_path / "adapter", model, kind, keys)


def opened(model: Path):
    """A model as mlx_lm opens it."""
    from mlxchat.engine import backend

    backend.prepare()
    from mlx_lm.utils import load_model

    return load_model(model)[0]


def adaptable(model: Path):
    from mlxchat.engine.adapters import Adapters

    loaded = opened(model)
    return loaded, Adapters(loaded, model.name)


def logits(model):
    import mlx.core as mx

    found = model(mx.array([TOKENS]))
    mx.eval(found)
    return found


def same(a, b) -> bool:
    import mlx.core as mx

    return bool(mx.array_equal(a, b))


def test_strength_0_is_the_model_and_1_is_mlx_lm_to_the_last_bit(tuned):
    model, folder = tuned
    base = logits(opened(model))
    loaded, adapters = adaptable(model)
    adapter = adapters.load(str(folder))
    assert same(logits(loaded), base), "reading an adapter changed the model"
    from mlx_lm.utils import load_adapters

    by_mlx_lm = load_adapters(opened(model), str(folder))
    by_mlx_lm.eval()
    expected = logits(by_mlx_lm)
    assert not same(expected, base)
    for strength, wanted in ((1, expected), (0, base), (0.5, None), (1, expected), (0, base)):
        adapters.use(adapter, strength)
        if wanted is not None:
            assert same(logits(loaded), wanted), strength


def test_the_way_from_0_to_2_is_without_a_step(tuned):
    """A DoRA's magnitudes move along: near 0 it is nearly the model."""
    import mlx.core as mx

    model, folder = tuned
    loaded, adapters = adaptable(model)
    base = logits(loaded)
    adapter = adapters.load(str(folder))

    def moved(strength: float) -> float:
        adapters.use(adapter, strength)
        return float(mx.abs(logits(loaded) - base).max())

    assert moved(1e-5) < 0.01 * moved(1)
    adapters.use(adapter, 2)
    twice = logits(loaded)
    assert bool(mx.all(mx.isfinite(twice)))
    adapters.use(adapter, 1)
    assert not same(twice, logits(loaded))


def test_the_layers_are_of_mlx_lms_five_kinds(tmp_path, tiny_model, tiny_moe):
    kinds = set()
    cases = (
        ("lora", LINEAR, tiny_model), ("lora", EMBEDDING, tiny_model), ("lora", EXPERTS, tiny_moe),
        ("dora", LINEAR, tiny_model), ("dora", EMBEDDING, tiny_model),
    )  # fmt: skip
    for number, (kind, keys, model) in enumerate(cases):
        folder = build_adapter(tmp_path / str(number), model, kind, keys)
        loaded, adapters = adaptable(model)
        adapters.use(adapters.load(str(folder)), 1)
        kinds |= {type(m).__name__ for _, m in loaded.named_modules() if "lora_a" in m}
    assert kinds == {
        "LoRALinear", "LoRAEmbedding", "LoRASwitchLinear", "DoRALinear", "DoRAEmbedding",
    }  # fmt: skip


def test_two_adapters_for_different_layers_leave_nothing_of_each_other(tmp_path, tiny_model):
    first = build_adapter(tmp_path / "first", tiny_model, "lora", LINEAR)
    second = build_adapter(tmp_path / "second", tiny_model, "dora", EMBEDDING, seed=2)
    loaded, adapters = adaptable(tiny_model)
    base = logits(loaded)
    one, two = adapters.load(str(first)), adapters.load(str(second))
    adapters.use(one, 1)
    with_one = logits(loaded)
    adapters.use(two, 1.5)
    with_two = logits(loaded)
    alone, others = adaptable(tiny_model)
    others.use(others.load(str(second)), 1.5)
    assert same(with_two, logits(alone))
    adapters.use(one, 1)
    assert same(with_one, logits(loaded))
    adapters.use(None, 1)
    assert same(base, logits(loaded))


def test_an_adapter_is_read_while_another_is_in_use(tmp_path, tiny_model):
    first = build_adapter(tmp_path / "first", tiny_model)
    second = build_adapter(tmp_path / "second", tiny_model, seed=2)
    loaded, adapters = adaptable(tiny_model)
    adapters.use(adapters.load(str(first)), 0.7)
    before = logits(loaded)
    adapters.load(str(second))
    assert same(before, logits(loaded))


def test_only_the_last_few_stay_in_memory(tmp_path, tiny_model):
    from mlxchat.engine.adapters import MOST_HELD

    _, adapters = adaptable(tiny_model)
    folders = [
        build_adapter(tmp_path / str(n), tiny_model, "lora", LINEAR, seed=n)
        for n in range(MOST_HELD + 2)
    ]
    read = [adapters.load(str(folder)) for folder in folders]
    assert adapters.get(str(folders[-1])) is read[-1]
    assert adapters.get(str(folders[0])) is not read[0]
    assert len(adapters._held) == MOST_HELD


def test_a_full_fine_tuning_at_a_strength_is_mixed_once_and_not_at_each_token():
    import mlx.core as mx

    from mlxchat.engine.adapter_weights import FullWeights

    weights = FullWeights({"w": mx.zeros((2,))}, {"w": mx.ones((2,))})
    weights.set_strength(0.5)
    mixed = weights._mixed["w"]
    assert mixed.tolist() == [0.5, 0.5]
    weights.set_strength(0.5)
    assert weights._mixed["w"] is mixed
    weights.set_strength(1)
    assert weights._mixed["w"].tolist() == [1, 1]
