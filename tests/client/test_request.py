import base64
import io
import json
from dataclasses import replace

import pytest
from PIL import Image

from revisual.client.pictures import Pictures, PixelBounds, pixel_hash
from revisual.client.request import ChatRequest, Decoding
from revisual.core.errors import UserError
from revisual.data.images import ImageSource

RED, BLUE = Image.new("RGB", (60, 40), "red"), Image.new("RGB", (30, 90), "blue")
TURNS = [
    {"role": "system", "content": "Think."},
    {"role": "user", "content": [{"type": "image"}, {"type": "image"}, {"type": "text", "text": "Which is red?"}]},
]
DECODING = Decoding(temperature=0.6, top_p=0.95, max_tokens=100)


def request(*images, **options):
    return ChatRequest("q", TURNS, Pictures([ImageSource(image=image) for image in images], "q"), **options)


def sent_picture(part):
    prefix, _, data = part["image_url"]["url"].partition(",")
    assert part["type"] == "image_url" and prefix == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_body():
    body = json.loads(request(RED, BLUE, seed=7).body("tiny", DECODING))
    system, user = body.pop("messages")
    assert body == {"model": "tiny", "temperature": 0.6, "top_p": 0.95, "max_tokens": 100, "seed": 7}
    assert system == TURNS[0] and user["content"][2] == {"type": "text", "text": "Which is red?"}
    assert [pixel_hash(sent_picture(part)) for part in user["content"][:2]] == [pixel_hash(RED), pixel_hash(BLUE)]


def test_further_settings():
    body = json.loads(request(RED, BLUE).body("tiny", replace(DECODING, top_k=5, extra={"min_p": 0.1}), stream=True))
    assert body["top_k"] == 5 and body["min_p"] == 0.1 and body["stream"] is True


def test_fields_that_a_server_refuses_are_left_out():
    extra = {"max_tokens": None, "seed": None, "max_completion_tokens": 50}
    body = json.loads(request(RED, BLUE).body("tiny", replace(DECODING, extra=extra)))
    assert body.keys() == {"model", "messages", "temperature", "top_p", "max_completion_tokens"}


def test_places_and_pictures_must_be_as_many():
    for images in ([RED], [RED, BLUE, RED]):
        with pytest.raises(UserError, match=f"2 places for pictures in the messages, {len(images)} pictures"):
            request(*images).body("tiny", DECODING)


def test_the_key_depends_on_all_that_the_answer_does():
    base = request(RED, BLUE)
    bounded = Pictures(base.pictures.sources, "q", PixelBounds(max_pixels=10_000))
    others = [
        (request(BLUE, RED), "tiny", DECODING),
        (request(RED, BLUE, seed=1), "tiny", DECODING),
        (request(RED, BLUE, sample_index=1), "tiny", DECODING),
        (replace(base, messages=TURNS[1:]), "tiny", DECODING),
        (replace(base, pictures=bounded), "tiny", DECODING),
        (base, "other", DECODING),
        (base, "tiny", replace(DECODING, temperature=0.7)),
        (base, "tiny", replace(DECODING, max_tokens=101)),
        (base, "tiny", replace(DECODING, extra={"min_p": 0.1})),
    ]
    keys = {one.key(model, decoding) for one, model, decoding in [(base, "tiny", DECODING), *others]}
    assert len(keys) == 1 + len(others)
    assert request(RED.copy(), BLUE.copy()).key("tiny", DECODING) == base.key("tiny", DECODING)


def test_a_missing_picture_is_named(tmp_path):
    pictures = Pictures([ImageSource(path="gone.png", root=tmp_path)], "q7")
    with pytest.raises(UserError, match=r"q7.*gone\.png"):
        ChatRequest("q7", TURNS, pictures).key("tiny", DECODING)


@pytest.mark.parametrize("options", [{"temperature": -1.0}, {"top_p": 0.0}, {"top_k": -1}, {"max_tokens": 0}])
def test_bad_decoding(options):
    with pytest.raises(UserError):
        Decoding(**options)
