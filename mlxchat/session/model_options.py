"""How models are loaded after the first one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply
from mlxchat.engine.interface import ModelSpec
from mlxchat.engine.server.address import DEFAULT_MODEL


def server_words(server: str) -> str:
    """How another model of a server is asked for; nothing lists what it could load."""
    return (
        f"/model NAME asks {server} for a model, /model {DEFAULT_MODEL} for its own; one of this "
        "machine is named where mlxchat is started (mlxchat MODEL)."
    )


def held_with_server(conversation: Conversation) -> str:
    """That a server's model wrote the last reply, in a sentence; empty where none did. Nothing
    saves where it was."""
    reply = conversation.last_reply
    if reply is None or reply.imported or reply.spec is not None or reply.vocabulary_size != 0:
        return ""
    return (
        f"A server's model, {reply.model}, wrote this: --server URL goes on there (mlxchat "
        "--continue --server URL), or choose a model of this machine."
    )


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What the person said at the start about loading."""

    given: ModelSpec | None
    """The model that was named then; None where none was."""
    every: ModelSpec
    """The options that hold for every model."""

    def spec_for(self, name: str) -> ModelSpec:
        """How to load a model: with the options of the start that do not belong to one."""
        if self.given is not None and name == self.given.model:
            return self.given
        return replace(self.every, model=name, adapter_path=None, adapter_name="", draft_model=None)

    def spec_of(self, conversation: Conversation) -> ModelSpec | None:
        """How to load the model that wrote a saved session, without the trust that it claims: a
        session can come from anywhere. None where it is not known."""
        replies = [node.entry for node in conversation.path if isinstance(node.entry, Reply)]
        spec = next((reply.spec for reply in reversed(replies) if reply.spec), None)
        return spec and replace(spec, trust_remote_code=self.every.trust_remote_code)
