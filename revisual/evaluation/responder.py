"""Who answers a benchmark's questions."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field

from typing_extensions import override

from revisual.client.ask import ask_all
from revisual.client.budget import Budget
from revisual.client.client import Traffic
from revisual.client.journal import Journal, Records
from revisual.client.request import ChatRequest, Decoding
from revisual.client.server import Server


class Responder(ABC):
    """Answers questions; each answer goes into a journal as soon as it is there."""

    @property
    @abstractmethod
    def model(self) -> str:
        """The model's name, for people."""

    @property
    def trouble(self) -> str:
        """The present trouble in a few words; empty if all goes well."""
        return ""

    @abstractmethod
    def answers(self, requests: Iterable[ChatRequest], journal: Journal) -> Records:
        """Return one record per request in any order; what is in the journal already is not asked again."""


@dataclass(frozen=True)
class ServerResponder(Responder):
    """A model behind a server with OpenAI's chat interface.

    Example: `ServerResponder(Server("http://localhost:8000/v1", "ReVisual-R1"), Decoding(max_tokens=16384))`
    """

    server: Server
    decoding: Decoding = field(default_factory=Decoding)
    budget: Budget = field(default_factory=Budget)
    traffic: Traffic = field(default_factory=Traffic)

    @property
    @override
    def model(self) -> str:
        return self.server.model

    @property
    @override
    def trouble(self) -> str:
        return f"{self.traffic.retried} retried, {self.traffic.trouble}" if self.traffic.retried else ""

    @override
    def answers(self, requests: Iterable[ChatRequest], journal: Journal) -> Records:
        return ask_all(self.server, self.decoding, requests, journal, self.budget, self.traffic)
