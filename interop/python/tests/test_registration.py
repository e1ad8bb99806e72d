"""An instance's life in the registry, against an agent that can forget and refuse."""

import asyncio
import json
import logging
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Optional, cast
from unittest.mock import patch

import tests.declared  # noqa: F401, its proto file is needed
from samspel.consul import Consul
from samspel.descriptors import Descriptors
from samspel.registration import Instance, Registration, advertised_address
from tests.fake_consul import FakeConsul
from tests.until import until


class Agent(ThreadingHTTPServer):
    daemon_threads = True
    refusing = False
    registered: Optional[dict[str, Any]] = None
    registrations = 0
    token: Optional[str] = None


class Api(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        agent = cast(Agent, self.server)
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if agent.refusing:
            return self.answer(500)
        if self.path == "/v1/agent/service/register?replace-existing-checks=true":
            agent.registered, agent.token = json.loads(body), self.headers["X-Consul-Token"]
            agent.registrations += 1
            return self.answer(200)
        if agent.registered and self.path == f"/v1/agent/service/deregister/{agent.registered['ID']}":
            agent.registered = None
            return self.answer(200)
        return self.answer(404)

    def do_GET(self) -> None:
        self.answer(200 if cast(Agent, self.server).registered else 404)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class RegistrationTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.agent = Agent(("127.0.0.1", 0), Api)
        thread = Thread(target=self.agent.serve_forever, args=[0.01])
        thread.start()
        self.addCleanup(self.agent.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(self.agent.shutdown)
        consul = Consul(f"http://127.0.0.1:{self.agent.server_port}", "a token")
        instance = Instance("inventory", "127.0.0.1", 4711, ["inventory.v1.InventoryService"], "1.2.3")
        self.registration = Registration(consul, instance)

    @patch("samspel.registration._LOOK_SECONDS", 0.02)
    async def test_an_instance_comes_back_when_the_agent_refused_or_forgot_it(self) -> None:
        self.agent.refusing = True
        with self.assertLogs("samspel.registration", "WARNING") as logs:
            self.registration.start()
            await until(lambda: logs.records)
        self.agent.refusing = False
        await until(lambda: self.agent.registrations == 1)
        self.agent.registered = None
        await until(lambda: self.agent.registrations == 2)
        await self.registration.stop()
        self.assertIsNone(self.agent.registered)

    async def test_a_registration_holds_what_the_joining_contract_asks_for(self) -> None:
        self.registration.start()
        await until(lambda: self.agent.registered)
        registered = dict(self.agent.registered or {})
        await self.registration.stop()
        check = registered.pop("Check")
        self.assertEqual(check["CheckID"], "service:inventory-127-0-0-1-4711")
        self.assertEqual(check["GRPC"], "127.0.0.1:4711")
        self.assertEqual(self.agent.token, "a token")
        self.assertEqual(
            registered,
            {
                "ID": "inventory-127-0-0-1-4711",
                "Name": "inventory",
                "Address": "127.0.0.1",
                "Port": 4711,
                "Tags": ["grpc", "inventory.v1.InventoryService"],
                "Meta": {
                    "samspel_contract": "1",
                    "protocols": "grpc",
                    "version": "1.2.3",
                    "zone": "",
                    "lang": "python",
                    "secure": "false",
                },
            },
        )

    def test_advertised_address_is_one_that_others_reach(self) -> None:
        self.assertEqual(advertised_address("10.0.0.1", "http://h"), "10.0.0.1")
        self.assertEqual(advertised_address("0.0.0.0", "http://127.0.0.1:8500"), "127.0.0.1")


class LongPollTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.registry = FakeConsul()
        await self.registry.come()
        self.addAsyncCleanup(self.registry.go)

    def registration(self) -> Registration:
        instance = Instance("orders", "127.0.0.1", 4711, ["samspel_test.Topics"], "1")
        return Registration(self.registry.consul, instance, Descriptors(["samspel_test.Topics"]))

    async def test_an_instance_that_is_forgotten_is_back_at_once_with_its_descriptors(self) -> None:
        registration = self.registration()
        registration.start()
        self.assertTrue(await registration.wait(5))
        await until(lambda: any("hash=" in request for request in self.registry.requests))
        self.registry.restart_empty()
        await until(lambda: self.registry.services and self.registry.kv, 1.5)  # no look every 2 s
        [key] = self.registry.kv
        self.assertEqual(key, Descriptors(["samspel_test.Topics"]).key)
        await registration.stop()
        self.assertEqual(self.registry.services, {})

    async def test_a_stop_does_not_wait_for_a_long_poll(self) -> None:
        registration = self.registration()
        registration.start()
        await until(lambda: any("hash=" in request for request in self.registry.requests))
        await asyncio.wait_for(registration.stop(), 2)
        self.assertEqual(self.registry.services, {})

    async def test_an_instance_that_was_gone_already_is_no_trouble_at_the_stop(self) -> None:
        registration = self.registration()
        registration.start()
        await registration.wait(5)
        with patch.object(registration._consul, "register"):
            self.registry.services.clear()
            with self.assertLogs("samspel.registration", "DEBUG") as logs:
                await registration.stop()
                logging.getLogger("samspel.registration").debug("stopped")
        self.assertEqual([record.getMessage() for record in logs.records], ["stopped"])

    async def test_a_registry_that_takes_no_descriptors_does_not_stop_the_start(self) -> None:
        registration = self.registration()
        with patch.object(self.registry, "kv", None), self.assertLogs("samspel", "WARNING") as logs:
            registration.start()
            self.assertTrue(await registration.wait(5))
        self.assertEqual(logs.records[0].message, "descriptors not published")
        await registration.stop()
