import shutil

import numpy as np
import pytest

from training.recording import EncoderMissing, draw_codec, film, reduce_palette, require_ffmpeg
from training.samples import FaceSample

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="training needs the ffmpeg program")


@needs_ffmpeg
@pytest.mark.parametrize("codec", [("-c:v", "libx264", "-crf", "20"), ("-c:v", "mpeg4", "-q:v", "4")])
def test_filmed_pictures_come_back_in_order_at_their_own_size_and_nearly_the_same(
    sample: FaceSample, codec: tuple[str, ...]
) -> None:
    pictures = [sample.image_bgr, 255 - sample.image_bgr[:201, :133], sample.image_bgr[:64, 100:300]]
    drifts = np.array([[1.5, 0], [0, -1], [0.5, 0.5]], np.float32)
    filmed = film(pictures, codec, drifts)
    for before, after in zip(pictures, filmed, strict=True):
        assert after.shape == before.shape
        assert not np.array_equal(after, before)
        assert np.abs(after.astype(int) - before.astype(int)).mean() < 20


@needs_ffmpeg
def test_every_codec_that_may_be_drawn_is_known_to_ffmpeg(sample: FaceSample) -> None:
    codecs = {draw_codec(np.random.default_rng(seed))[1]: seed for seed in range(40)}
    assert set(codecs) == {"libx264", "mpeg4", "mpeg2video"}
    for seed in codecs.values():
        codec = draw_codec(np.random.default_rng(seed))
        assert len(film([sample.image_bgr], codec, np.zeros((1, 2), np.float32))) == 1


def test_nothing_to_film_needs_no_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert film([], ("-c:v", "libx264"), np.zeros((0, 2), np.float32)) == []


def test_a_missing_encoder_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EncoderMissing, match="apt-get install ffmpeg"):
        require_ffmpeg()


def test_a_palette_leaves_256_colours_at_most(sample: FaceSample) -> None:
    reduced = reduce_palette(sample.image_bgr)
    assert reduced.shape == sample.image_bgr.shape
    assert len(np.unique(reduced.reshape(-1, 3), axis=0)) <= 256
    assert abs(float(reduced.mean()) - float(sample.image_bgr.mean())) < 3
