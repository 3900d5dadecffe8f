"""Keeps a running chat saved, from its first message on."""

from __future__ import annotations

import time
from functools import partial

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Entry
from mlxchat.conversation.storage.store import SessionStore, checked_title
from mlxchat.conversation.storage.tracker import Taken, Tracker
from mlxchat.conversation.storage.writer import Job, Refused
from mlxchat.conversation.storage.writing import IdsTaken, SessionDeleted, write
from mlxchat.errors import MlxchatError

GROWTH_SECONDS = 0.5
"""Between two savings of a reply that is being written."""
RETRY_SECONDS = 3.0
CLOSE_SECONDS = 3.0
AGAIN = "Messages are saved again."
DELETED = "The session of this chat was deleted, so what you say now is saved as a new one."


class _Saving:
    """One conversation on its way into the file: at most one batch at a time."""

    def __init__(self, store: SessionStore, tracker: Tracker) -> None:
        self.tracker = tracker
        self.number: int | None = None
        self._store = store
        self._taken: Taken | None = None
        self._job: Job[int] | None = None
        self._next = 0.0
        """When a reply is saved again that is being written, or what failed is tried again."""
        self._failed = False
        self.deleted = False
        """Whether its session was deleted under it, and nobody was told yet."""

    def tick(self, now: float) -> None:
        """See what became of the last batch, and send the next one where it is time."""
        if self._job is not None and not self._landed(self._job, now):
            return
        tracker = self.tracker
        due = now >= self._next
        if (tracker.urgent and (due or not self._failed)) or (tracker.grows and due):
            self.send(now)

    def send(self, now: float) -> None:
        """Send what is new, if anything is."""
        self._next = now + GROWTH_SECONDS
        self._taken = self.tracker.take()
        if self._taken is not None:
            self._job = self._store.submit(partial(write, batch=self._taken.batch))

    def flush(self, deadline: float) -> bool:
        """Save all there is now; False where that failed or takes too long."""
        while True:
            job = self._job
            if job is not None:
                if not job.done.wait(max(0.0, deadline - time.monotonic())):
                    return False
                self._landed(job, time.monotonic())
                if self._failed:
                    return False
            self.send(time.monotonic())
            if self._job is None:
                return True

    @property
    def rests(self) -> bool:
        """Whether all that was taken is saved, and nothing else is to be taken."""
        return self._job is None and not self.tracker.urgent

    def _landed(self, job: Job[int], now: float) -> bool:
        """Whether the batch is saved or refused; its parts are put where they belong."""
        if not job.done.is_set():
            return False
        taken, self._job, self._taken = self._taken, None, None
        assert taken is not None
        if job.error is None:
            self.tracker.saved(taken)
            self.number, self._failed = job.value, False
        elif isinstance(job.error, SessionDeleted):
            self.tracker.begin_anew()
            self.number, self.deleted = None, True
        elif isinstance(job.error, Refused):
            self.tracker.forgotten(new_ids=isinstance(job.error, IdsTaken))
        else:
            self.tracker.failed(taken)
            self._failed, self._next = True, now + RETRY_SECONDS
        return True


class Keeper:
    """Saves the conversation of a chat by itself. Methods never wait but where they say so; all of
    them belong to the chat's thread."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._saving: _Saving | None = None
        self._left: list[_Saving] = []
        """Conversations that were followed before, of which something is unsaved."""
        self._told: str | None = None

    @property
    def store(self) -> SessionStore:
        """Where it is saved."""
        return self._store

    @property
    def session_id(self) -> int | None:
        """The session of the conversation that is followed; None until its first message is
        saved."""
        saving = self._saving
        return saving.tracker.session if saving and saving.number is not None else None

    @property
    def number(self) -> int | None:
        """Its number; None until its first message is saved."""
        return self._saving.number if self._saving else None

    @property
    def title(self) -> str:
        """Its title; empty until there is one."""
        return self._saving.tracker.title if self._saving else ""

    @property
    def saved(self) -> bool:
        """Whether all that is finished is in the file, as far as `tick` has heard."""
        return all(saving.rests for saving in self._all)

    def follow(self, conversation: Conversation, session_id: int | None = None) -> None:
        """Save this conversation from now on: a new one, or the one of a session that was opened.
        The one before is saved to its end and let go."""
        known = dict(self._saving.tracker.entries) if self._saving else {}
        self._leave()
        if session_id is None:
            here = {node.entry for node in conversation.nodes()}
            tracker = Tracker(conversation, None, {e: i for e, i in known.items() if e in here})
            self._saving = _Saving(self._store, tracker)
        else:
            self._saving = self._opened(conversation, session_id)
        self._saving.tracker.follow()

    def tick(self) -> str | None:
        """Save what is new, when it is time: changes and finished replies at once, a reply that is
        being written every half second. To be called often. Returns a sentence where the person
        should know that saving stopped or works again, or that the session was deleted."""
        now = time.monotonic()
        for saving in self._all:
            saving.tick(now)
        self._left = [saving for saving in self._left if not saving.rests]
        return self._news()

    def rename(self, title: str) -> None:
        """Give the session a title, now or when it is saved. Raises MlxchatError where it is
        empty."""
        if self._saving is not None:
            self._saving.tracker.rename(checked_title(title))

    def close(self, timeout: float = CLOSE_SECONDS) -> bool:
        """Save all there is at the end of the chat, as `flush` does."""
        return self.flush(timeout)

    def flush(self, timeout: float = CLOSE_SECONDS) -> bool:
        """Save all there is, and wait for it as many seconds at most; False where something could
        not be saved."""
        deadline = time.monotonic() + timeout
        saved = [saving.flush(deadline) for saving in self._all]
        return all(saved)

    # Parts

    @property
    def _all(self) -> list[_Saving]:
        return [*self._left, self._saving] if self._saving else self._left

    def _leave(self) -> None:
        if self._saving is not None:
            self._saving.tracker.let_go()
            self._saving.tick(time.monotonic())
            self._left.append(self._saving)

    def _opened(self, conversation: Conversation, session_id: int) -> _Saving:
        entries: dict[Entry, int] = {}
        row = None
        named = False
        try:
            entries = self._store.entry_ids(conversation, session_id)
            row = self._store.row(session_id)
            named = self._store.named_by_person(session_id)
        except MlxchatError:
            pass  # what is changed of it is tried to be saved all the same
        saving = _Saving(self._store, Tracker(conversation, session_id, entries))
        if row is not None:
            saving.number = row.number
            saving.tracker.known_as(row.title, named=named)
        return saving

    def _news(self) -> str | None:
        if self._saving is not None and self._saving.deleted:
            self._saving.deleted = False
            return DELETED
        problem = self._store.problem
        if problem == self._told:
            return None
        self._told = problem
        return problem or AGAIN
