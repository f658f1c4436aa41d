import json

import numpy as np
import pytest
from client.chat_server import ChatServer, Response

from revisual.client.retries import Retries
from revisual.core.errors import UserError
from revisual.data_recipes.grammar.topics.embedders import unit
from revisual.data_recipes.grammar.topics.embedding_server import ServerEmbedder


def embeddings(call):
    vectors = [[float(len(text)), 1.0, float(text.count("a"))] for text in call.body["input"]]
    data = [{"index": place, "embedding": vector} for place, vector in enumerate(vectors)]
    return Response(body=json.dumps({"data": data[::-1]}).encode())


def test_a_server_embeds():
    texts = ["banana", "a", "xyz", "aaa"]
    with ChatServer(lambda call: Response(status=500)) as server:
        server._response = embeddings
        found = ServerEmbedder(model="m", base_url=server.url, batch_size=3).fit([], 0)(texts)
        assert [len(call.body["input"]) for call in server.calls] == [3, 1]
    assert np.allclose(found, unit(np.array([[6, 1, 3], [1, 1, 1], [3, 1, 0], [3, 1, 3]])))


@pytest.mark.parametrize("body", [b"hello", b'{"data": []}', b'{"data": [{"index": 0, "embedding": ["x"]}]}'])
def test_a_server_that_does_not_is_told_in_a_line(body):
    with ChatServer(lambda call: None) as server:
        server._response = lambda call: Response(body=body)
        embedder = ServerEmbedder(model="m", base_url=server.url, retries=Retries(attempts=2, first_delay=0.01))
        with pytest.raises(UserError, match="no embeddings: ") as told:
            embedder.fit([], 0)(["text"])
        assert len(server.calls) == 2 and "\n" not in str(told.value)
