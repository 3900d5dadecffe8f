"""One server over HTTP: asks, and turns whatever can go wrong into a sentence."""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import httpx2

from mlxchat.engine.server.address import Address
from mlxchat.engine.server.event_stream import EventStream
from mlxchat.engine.server.failures import Lost, NotOffered, Refused, ServerError
from mlxchat.engine.server.keys import (
    VARIABLE,
    key_of_environment,
    key_of_keyring,
    rid_of,
    secret_of,
    without_key,
)
from mlxchat.engine.server.pieces import (
    error_text,
    model_names,
    names_owners,
    parse_object,
    shortened,
)
from mlxchat.engine.server.proxy import proxy_of, shown_proxy
from mlxchat.engine.server.sentences import lost
from mlxchat.engine.server.sockets import keep_alive
from mlxchat.errors import MlxchatError

CONNECT_SECONDS = 10.0
LARGEST_ANSWER = 2**22
"""Bytes of an answer that is no stream."""
LARGEST_ERROR = 2**16
UNAUTHORIZED = (401, 403)
NOT_TAKEN = (400, 422, 500, 501)
"""What servers answer to a parameter that they do not take."""
NO_SUCH_PATH = (404, 405, 501)
TOO_MANY, FAILED, NOT_IMPLEMENTED = 429, 500, 501
NOT_THROUGH = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)
"""What comes of a proxy that is not there, or does not let it through."""
EVERYWHERE = ("http://", "https://", "all://")
END = "[DONE]"
"""The data of the last event."""


class Served(NamedTuple):
    """What a server has."""

    models: list[str]
    is_mlx: bool
    """Whether it is mlx_lm.server."""


class Client:
    """A connection to a server, for one thread. A slow server is waited for as long as it takes:
    whoever waits can cancel."""

    def __init__(self, address: Address, *, direct: bool = False) -> None:
        """`direct`: whatever proxies the environment names. Raises MlxchatError."""
        self._address = address
        self._proxy = "" if direct else proxy_of(address)
        self.key = key_of_environment(address)
        """What the server asks for; empty where there is none."""
        self._asked_keyring = False
        self._http = _connections(self._proxy)

    @property
    def secret(self) -> str:
        """What nothing that the server says may hold; empty where there is no such thing."""
        return secret_of(self.key)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def served(self) -> Served:
        """What the server has, as far as it tells. Raises MlxchatError."""
        try:
            async with self._sent("GET", "models") as response:
                # The only server of these that is Python's own, and that names no model's owner.
                plain = response.headers.get("server", "").startswith("BaseHTTP/")
                body = await self._body(response)
        except NotOffered:
            return Served([], False)
        # It answers with nothing where its machine never downloaded a model.
        answer = {} if plain and not body else self._object(body)
        return Served(model_names(answer), plain and not names_owners(answer))

    async def answer(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """An answer that is no stream. Raises MlxchatError."""
        async with self._sent("POST", path, body) as response:
            return self._object(await self._body(response))

    async def events(
        self, path: str, body: Mapping[str, Any]
    ) -> AsyncGenerator[dict[str, Any] | bytes | None]:
        """The object of each event of an answer, None the last, and each comment as bytes. Raises
        MlxchatError."""
        async with self._sent("POST", path, body) as response:
            self._check_stream(response)
            stream = EventStream()
            async for chunk in response.aiter_bytes():
                for event in stream.feed(chunk):
                    if isinstance(event, bytes):
                        yield event
                    else:
                        yield None if event == END else self._object(event)

    @asynccontextmanager
    async def _sent(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> AsyncIterator[httpx2.Response]:
        """The answer to a request, ready to be read."""
        try:
            response = await self._answer(method, path, body)
            try:
                if not response.is_success:
                    raise await self._refusal(response)
                yield response
            finally:
                await response.aclose()
        except httpx2.HTTPError as error:
            kind = Lost if isinstance(error, httpx2.RemoteProtocolError) else ServerError
            raise kind(self._sentence(error), again=True) from error

    async def _answer(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> httpx2.Response:
        response = await self._send(method, path, body)
        if response.status_code in UNAUTHORIZED and not self.key and not self._asked_keyring:
            self._asked_keyring = True
            if key := key_of_keyring(self._address):
                self.key = key
                await response.aclose()
                return await self._send(method, path, body)
        return response

    async def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        request = self._http.build_request(
            method,
            self._address.url(path),
            json=body,
            headers=headers,
            extensions={"trace": keep_alive},
        )
        return await self._http.send(request, stream=True)

    async def _body(self, response: httpx2.Response) -> bytes:
        """All of an answer that is no page for people."""
        if _content_type(response) == "text/html":
            raise self._other(response, "JSON")
        return await _whole(response, LARGEST_ANSWER)

    def _check_stream(self, response: httpx2.Response) -> None:
        if _content_type(response) != "text/event-stream":
            raise self._other(response, "a stream of events")

    def _other(self, response: httpx2.Response, wanted: str) -> MlxchatError:
        kind = self._said(_content_type(response)) or "no content type"
        return MlxchatError(
            f"{self._where} answered with {kind} and not with {wanted}: is that the address of "
            "mlx_lm.server?"
        )

    async def _refusal(self, response: httpx2.Response) -> ServerError:
        status, kind = response.status_code, ServerError
        if response.request.method == "GET" and status in NO_SUCH_PATH:
            kind = NotOffered
        elif status in NOT_TAKEN:
            kind = Refused
        passes = status == TOO_MANY or (status >= FAILED and status != NOT_IMPLEMENTED)
        return kind(await self._refusal_words(response), again=passes)

    async def _refusal_words(self, response: httpx2.Response) -> str:
        status = response.status_code
        if status in UNAUTHORIZED:
            return (
                f"{self._address} wants a key, or another one ({status}): set {VARIABLE}, or keep "
                f"it with `keyring set mlxchat {self._address.place}`."
            )
        body = await _whole(response, LARGEST_ERROR)
        try:
            said = error_text(self._object(body))
        except MlxchatError:
            said = ""
        if not said:
            said = (
                f"{self._said(response.reason_phrase) or 'no reason given'}; is that mlx_lm.server?"
            )
        return f"{self._where} refused the request ({status}): {said}"

    def _sentence(self, error: httpx2.HTTPError) -> str:
        if self._proxy and isinstance(error, NOT_THROUGH):
            return (
                f"No connection comes about to {self._where} ({self._said(str(error))}): check "
                f"that proxy, or set NO_PROXY={self._address.host} to go without it."
            )
        if isinstance(error, httpx2.ConnectTimeout):
            return (
                f"{self._address} did not answer within {CONNECT_SECONDS:g} seconds: "
                "is the machine on, and the address right?"
            )
        if isinstance(error, httpx2.ConnectError):
            reason = f" ({said})" if (said := self._said(str(error))) else ""
            if self._address.is_https and (not reason or _speaks_no_tls(error)):
                return (
                    f"No server answers with TLS at {self._address}{reason}: if it has none, the "
                    f"address is http://{self._address.place}."
                )
            return (
                f"No server answers at {self._address}{reason}: start mlx_lm.server there, or give "
                "--server another address."
            )
        return lost(self._address, self._said(str(error)))

    @property
    def _where(self) -> str:
        """The address, and the proxy that it is reached over."""
        over = f" over the proxy {shown_proxy(self._proxy)}" if self._proxy else ""
        return f"{self._address}{over}"

    def _object(self, text: str | bytes) -> dict[str, Any]:
        """A JSON object of the server's, without the key. Raises MlxchatError for anything
        else."""
        try:
            found = parse_object(text)
            return rid_of(found, self.secret) if self.secret else found
        except (ValueError, RecursionError):
            raise ServerError(
                f"{self._where} sent something that is no JSON object: see its log.", again=True
            ) from None

    def _said(self, text: str) -> str:
        """Words of the server's, or of the HTTP library about it, as a sentence repeats them."""
        return shortened(without_key(text, self.secret))


def _connections(proxy: str) -> httpx2.AsyncClient:
    """Connections over a proxy, or over none. Raises MlxchatError where it cannot be one."""
    timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
    try:
        # What the library itself makes of the environment has no say.
        return httpx2.AsyncClient(
            timeout=timeout,
            proxy=proxy or None,
            mounts=None if proxy else dict.fromkeys(EVERYWHERE),
        )
    except (ValueError, ImportError, httpx2.InvalidURL):
        raise MlxchatError(
            f"The proxy {shown_proxy(proxy)} cannot be used: an http:// one can, and SOCKS needs "
            "the package socksio."
        ) from None


def _speaks_no_tls(error: BaseException | None) -> bool:
    """Whether what answered does not speak it; where it has no good certificate, it does."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return not isinstance(error, ssl.SSLCertVerificationError)
        error = error.__cause__ or error.__context__
    return False


def _content_type(response: httpx2.Response) -> str:
    return response.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _whole(response: httpx2.Response, most: int) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > most:
            raise MlxchatError("The server's answer is too long: is that mlx_lm.server?")
    return body
