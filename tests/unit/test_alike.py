"""Hashes of pictures: how many bits the same picture loses on its way, how many two pictures share, and the index."""

import io
import random

from PIL import Image, ImageEnhance

from pictures import jpeg
from storage.decoders.picture import picture_hash
from sync.alike import TOLERANCE, buckets, distance, probes, signed


def scene(seed: int) -> Image.Image:
    return Image.open(io.BytesIO(jpeg(seed, 24))).resize((640, 480), Image.Resampling.BICUBIC)


def again(image: Image.Image, side: int, quality: int) -> Image.Image:
    """As a chat app passes it on."""
    small, out = image.copy(), io.BytesIO()
    small.thumbnail((side, side))
    small.save(out, "JPEG", quality=quality)
    return Image.open(out)


def test_a_picture_that_was_shrunk_packed_and_brightened_keeps_most_bits_and_others_do_not() -> None:
    scenes = [scene(seed) for seed in range(40)]
    hashes = [picture_hash(image) or 0 for image in scenes]
    changed = [(again(i, 320, 40), again(i, 1280, 30), ImageEnhance.Brightness(i).enhance(1.15)) for i in scenes]
    same = [distance(hashes[n], picture_hash(c) or 0) for n, copies in enumerate(changed) for c in copies]
    other = [distance(a, b) for n, a in enumerate(hashes) for b in hashes[:n]]
    assert max(same) <= TOLERANCE < min(other), (max(same), min(other))


def test_a_picture_with_nothing_in_it_has_no_hash() -> None:
    assert picture_hash(Image.new("RGB", (64, 64), "white")) is None


def test_whatever_differs_within_the_tolerance_lies_in_a_bucket_that_is_looked_into() -> None:
    dice = random.Random(7)
    for _ in range(3000):
        one = dice.getrandbits(64)
        other = one
        for bit in dice.sample(range(64), dice.randint(0, TOLERANCE)):
            other ^= 1 << bit
        assert set(probes(one)) & set(buckets(other))
        assert distance(signed(one), other) == distance(one, signed(other)) <= TOLERANCE
    assert len(set(probes(one))) == 68
