"""Mutual TLS between this library's server and client, with certificates as Consul gives them: who is let in, who is
refused on either side, and that a rotation costs no call."""

import asyncio
import unittest
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Optional
from unittest.mock import patch

import grpc
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import Default

from samspel import ConfigurationError, RegistryChannel, Settings, current_call, error_detail
from samspel.channel import Dialer
from samspel.identity import Identity, rules_of
from samspel.identity.material import Material
from samspel.interceptor import ServiceInterceptor
from samspel.v1 import options_pb2
from tests.fake_consul import FakeConsul
from tests.one_loop import OneLoopTestCase
from tests.until import until

CERTIFICATES = Path(__file__).with_name("certificates")
DOMAIN = "11111111-2222-3333-4444-555555555555.consul"
SERVICE = "samspel_test.identity.OrderService"


def pem(name: str) -> str:
    return (CERTIFICATES / f"{name}.pem").read_text(encoding="ascii")


_file = FileDescriptorProto(
    name="samspel_test/identity.proto", package="samspel_test.identity", syntax="proto3"
)
_file.dependency.append("samspel/v1/options.proto")
_file.message_type.add(name="Empty")
_service = _file.service.add(name="OrderService")
for _name, _allowed in (("Who", None), ("ForMail", ["mail"]), ("ForAll", ["*"]), ("ForNobody", [])):
    _method = _service.method.add(name=_name)
    _method.input_type = _method.output_type = ".samspel_test.identity.Empty"
    if _allowed is not None:
        _method.options.Extensions[options_pb2.allow].SetInParent()
        _method.options.Extensions[options_pb2.allow].services.extend(_allowed)
Default().AddSerializedFile(_file.SerializeToString())


class IdentityTest(OneLoopTestCase):
    async def asyncSetUp(self) -> None:
        self.registry = FakeConsul()
        await self.registry.come()
        self.addAsyncCleanup(self.registry.go)
        # Who cannot be connected to is given up soon.
        self._stack.enter_context(patch("samspel.channel.attempts._CONNECT_SECONDS", 0.3))
        self.trust("root")
        self.issue("orders", "orders")
        self.issue("cart", "cart")
        self.intend()
        self.registry.answers["/v1/agent/connect/authorize"] = {"Authorized": True, "Reason": ""}

    def trust(self, *roots: str) -> None:
        """Says which roots are trusted."""
        answer = {"TrustDomain": DOMAIN, "Roots": [{"RootCert": pem(root)} for root in roots]}
        self.registry.answers["/v1/agent/connect/ca/roots"] = answer
        self.registry.changed()

    def issue(self, service: str, certificate: str, until: str = "2126-01-01T00:00:00Z") -> None:
        """Gives a service a certificate, maybe another's."""
        chain, key = pem(certificate).split("-----BEGIN EC PRIVATE KEY-----")
        self.registry.answers[f"/v1/agent/connect/ca/leaf/{service}"] = {
            "CertPEM": chain,
            "PrivateKeyPEM": f"-----BEGIN EC PRIVATE KEY-----{key}",
            "ServiceURI": f"spiffe://{DOMAIN}/ns/default/dc/dc1/svc/{service}",
            "ValidBefore": until,
        }
        self.registry.changed()

    def intend(self, *intentions: Mapping[str, Any]) -> None:
        """Says which intentions there are for orders."""
        self.registry.answers["/v1/connect/intentions/match"] = {"orders": list(intentions) or None}
        self.registry.changed()

    def settings(self, service: str) -> Settings:
        return Settings(service, {"CONSUL_HTTP_ADDR": self.registry.url})

    async def enter(self, context: Any) -> Any:
        return await self._stack.enter_async_context(context)

    async def serve(self) -> int:
        """Serves orders with its identity."""
        identity = await self.enter(Identity(self.settings("orders")))
        server = grpc.aio.server(interceptors=[ServiceInterceptor(identity.gate)])

        async def who(request: bytes, context: Any) -> bytes:
            call = current_call()
            return (call.caller.service if call and call.caller else "nobody").encode()

        async def forever(request: bytes, context: Any) -> AsyncIterator[bytes]:
            yield b"begun"
            await asyncio.Event().wait()

        handlers = {
            **{
                name: grpc.unary_unary_rpc_method_handler(who)
                for name in ("Who", "ForMail", "ForAll", "ForNobody")
            },
            "Forever": grpc.unary_stream_rpc_method_handler(forever),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        port = server.add_secure_port("127.0.0.1:0", identity.server_credentials())
        await server.start()
        self.addAsyncCleanup(server.stop, None)
        self.registry.add("orders", port, SERVICE, secure="true")
        return port

    async def client(self, service: str = "cart") -> RegistryChannel:
        """A channel of a service with its identity."""
        identity = await self.enter(Identity(self.settings(service)))
        dialer = Dialer(self.registry.url, None, identity.connector)
        self.addAsyncCleanup(dialer.close)
        channel = dialer.dial(SERVICE)
        self.addAsyncCleanup(channel.close)
        return channel

    async def ask(self, channel: grpc.aio.Channel, timeout: Optional[float] = None) -> str:
        answer: bytes = await channel.unary_unary(f"/{SERVICE}/Who")(b"", timeout=timeout)
        return answer.decode()

    async def refusal(self, channel: grpc.aio.Channel, timeout: float = 20.0) -> grpc.aio.AioRpcError:
        with self.assertRaises(grpc.aio.AioRpcError) as caught:
            await self.ask(channel, timeout)
        return caught.exception

    async def test_a_service_is_known_by_its_certificate(self) -> None:
        await self.serve()
        self.assertEqual(await self.ask(await self.client()), "cart")

    async def test_a_client_refuses_a_server_that_has_the_certificate_of_another_service(self) -> None:
        self.issue("orders", "mail")
        await self.serve()
        with self.assertLogs("samspel.identity.tls_front", "WARNING") as logs:
            error = await self.refusal(await self.client())
        self.assertIs(error.code(), grpc.StatusCode.UNAVAILABLE)
        reason = logs.records[0].__dict__["reason"]
        self.assertEqual(reason, "it must be the service orders: it is mail")

    async def test_a_client_refuses_a_server_of_a_foreign_authority(self) -> None:
        self.issue("orders", "foreign")
        await self.serve()
        with self.assertLogs("samspel.identity.tls_front", "WARNING") as logs:
            await self.refusal(await self.client())
        self.assertIn("certificate verify failed", logs.records[0].__dict__["reason"])

    async def test_a_client_refuses_a_server_whose_certificate_has_two_names(self) -> None:
        self.issue("orders", "two-names")
        await self.serve()
        with self.assertLogs("samspel.identity.tls_front", "WARNING") as logs:
            await self.refusal(await self.client())
        self.assertIn("it has 2", logs.records[0].__dict__["reason"])

    async def test_a_server_refuses_callers_that_cannot_say_who_they_are(self) -> None:
        port = await self.serve()
        for certificate in ("two-names", "other-domain"):
            self.issue("cart", certificate)
            with self.assertLogs("samspel.identity.gate", "WARNING"):
                error = await self.refusal(await self.client())
            detail = error_detail(error)
            self.assertIs(error.code(), grpc.StatusCode.UNAUTHENTICATED, certificate)
            self.assertEqual(detail and detail.code, "SAMSPEL_IDENTITY_REFUSED")
        self.issue("cart", "foreign")
        self.assertIs((await self.refusal(await self.client())).code(), grpc.StatusCode.UNAVAILABLE)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as plain:
            self.assertIs((await self.refusal(plain)).code(), grpc.StatusCode.UNAVAILABLE)

    async def test_a_client_with_an_identity_calls_nobody_in_plaintext(self) -> None:
        self.registry.add("orders", 1, SERVICE)
        channel = await self.client()
        with self.assertLogs("samspel.channel.pool", "ERROR") as logs:
            channel.get_state(try_to_connect=True)
            await until(lambda: logs.records)
        error = await self.refusal(channel, 0.3)
        self.assertIn("has no identity", error.details() or "")

    async def test_an_instance_that_takes_both_is_called_by_tls(self) -> None:
        port = await self.serve()
        self.registry.remove("orders", port)
        self.registry.add("orders", port, SERVICE, secure="false", mtls="optional")
        self.assertEqual(await self.ask(await self.client()), "cart")

    async def test_an_intention_counts_for_the_next_call_and_ends_a_stream_that_runs(self) -> None:
        await self.serve()
        channel = await self.client()
        stream = channel.unary_stream(f"/{SERVICE}/Forever")(b"")
        self.assertEqual(await stream.read(), b"begun")
        self.intend({"SourceName": "cart", "Action": "deny", "Precedence": 9})
        with self.assertRaises(grpc.aio.AioRpcError) as caught:
            await asyncio.wait_for(stream.read(), 5)
        self.assertIs(caught.exception.code(), grpc.StatusCode.PERMISSION_DENIED)
        denied = await self.refusal(channel)
        detail = error_detail(denied)
        self.assertEqual(denied.details(), "cart may not call orders: an intention denies it")
        self.assertEqual(
            detail and (detail.code, dict(detail.metadata)),
            (
                "SAMSPEL_CALLER_DENIED",
                {"caller": "cart", "service": "orders", "method": f"{SERVICE}/Who"},
            ),
        )
        asked = len(self.registry.requests)
        self.intend({"SourceName": "*", "Action": "allow", "Precedence": 8})
        await until(lambda: any("intentions" in request for request in self.registry.requests[asked:]))
        self.assertEqual(await self.ask(channel), "cart")

    async def test_a_method_says_who_may_call_it(self) -> None:
        await self.serve()
        channel = await self.client()

        async def call(method: str) -> bytes:
            answer: bytes = await channel.unary_unary(f"/{SERVICE}/{method}")(b"")
            return answer

        self.assertEqual([await call("Who"), await call("ForAll")], [b"cart", b"cart"])
        for method in ("ForMail", "ForNobody"):
            with self.assertRaises(grpc.aio.AioRpcError) as caught:
                await call(method)
            detail = error_detail(caught.exception)
            self.assertIs(caught.exception.code(), grpc.StatusCode.PERMISSION_DENIED, method)
            self.assertEqual(
                detail and (detail.code, detail.metadata["method"]),
                ("SAMSPEL_CALLER_DENIED", f"{SERVICE}/{method}"),
            )
        self.assertEqual(
            rules_of([SERVICE]), [f"{SERVICE}/{name}" for name in ("ForMail", "ForAll", "ForNobody")]
        )

    async def test_where_no_intention_matches_the_registry_is_asked_once(self) -> None:
        self.registry.answers["/v1/agent/connect/authorize"] = {"Authorized": False, "Reason": "default"}
        await self.serve()
        channel = await self.client()
        for _ in range(3):
            denied = await self.refusal(channel)
            self.assertEqual(denied.details(), "cart may not call orders: no intention allows it")
        asked = [request for request in self.registry.requests if "authorize" in request]
        self.assertEqual(len(asked), 1)

    async def test_certificates_and_roots_are_replaced_without_the_loss_of_a_call(self) -> None:
        await self.serve()
        channel = await self.client()
        await self.ask(channel)
        ended = asyncio.Event()
        answers: list[str] = []

        async def call_on() -> None:
            while not ended.is_set():
                answers.append(await self.ask(channel))

        calling = [asyncio.ensure_future(call_on()) for _ in range(4)]
        steps = (
            lambda: self.trust("root", "next-root"),
            lambda: self.issue("orders", "orders-next"),
            lambda: self.issue("cart", "cart-next"),
            lambda: self.trust("next-root"),
        )
        for step in steps:
            asked = len(self.registry.requests)
            step()
            # Both have heard of it, and calls have been answered since.
            await until(lambda: len(self.registry.requests) >= asked + 4)  # noqa: B023
            seen = len(answers)
            await until(lambda: len(answers) >= seen + 20)  # noqa: B023
        ended.set()
        await asyncio.gather(*calling)
        self.assertEqual(set(answers), {"cart"})

    async def test_an_expired_certificate_is_used_no_more_and_the_log_says_so_once(self) -> None:
        await self.serve()
        self.issue("cart", "cart", until="2020-01-01T00:00:00Z")
        with self.assertLogs("samspel.identity", "WARNING") as logs:
            channel = await self.client()
            error = await self.refusal(channel)
        self.assertIs(error.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertEqual([record.levelname for record in logs.records].count("CRITICAL"), 1)
        self.issue("cart", "cart")
        self.assertEqual(await self.ask(channel), "cart")

    async def test_a_certificate_that_is_none_is_not_taken_and_the_last_good_one_stays(self) -> None:
        await self.serve()
        channel = await self.client()
        await self.ask(channel)
        answer = self.registry.answers["/v1/agent/connect/ca/leaf/cart"]
        self.registry.answers["/v1/agent/connect/ca/leaf/cart"] = {**answer, "CertPEM": "nonsense"}
        with self.assertLogs("samspel.long_poll", "WARNING") as logs:
            self.registry.changed()
            await until(lambda: logs.records)
        self.assertIn("answered no certificate", logs.records[0].__dict__["reason"])
        self.assertNotIn("PRIVATE", repr(logs.records[0].__dict__))
        self.assertEqual(await self.ask(channel), "cart")

    async def test_a_registry_without_certificates_stops_the_start(self) -> None:
        del self.registry.answers["/v1/agent/connect/ca/roots"]
        with (
            patch("samspel.identity.identity._START_SECONDS", 0.3),
            self.assertLogs("samspel.long_poll", "WARNING"),
            self.assertRaisesRegex(ConfigurationError, "gives it no certificate"),
        ):
            await Identity(self.settings("cart")).__aenter__()

    async def test_calls_go_on_while_the_registry_is_away(self) -> None:
        await self.serve()
        channel = await self.client()
        await self.ask(channel)
        with self.assertLogs("samspel.long_poll", "WARNING") as logs:
            await self.registry.go()
            await until(lambda: len(logs.records) >= 8)
            self.assertEqual(await self.ask(channel), "cart")


class MaterialTest(unittest.TestCase):
    def test_a_key_is_in_no_text_of_it(self) -> None:
        from datetime import datetime, timezone

        material = Material("chain", "SECRET KEY", "roots", DOMAIN, "id", datetime.now(timezone.utc))
        self.assertNotIn("SECRET", repr(material))
