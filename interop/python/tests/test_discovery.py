"""Who serves a proto service, against a registry that forgets, restarts and is away."""

import asyncio
import unittest
from unittest.mock import patch

from samspel.consul import ConsulError
from samspel.discovery import Registry, Watch, parse_target
from samspel.long_poll import next_index
from tests.fake_consul import FakeConsul
from tests.until import until

SERVICE = "orders.v1.OrderService"


class TargetTest(unittest.TestCase):
    def test_a_target_names_a_proto_service_and_which_of_its_instances(self) -> None:
        target = parse_target(f"consul://10.0.0.7:8500/{SERVICE}?version=2&tag=canary&dc=eu")
        self.assertEqual(
            (target.proto_service, target.registry, target.datacenter, target.tags, target.meta),
            (SERVICE, "10.0.0.7:8500", "eu", ("canary",), (("version", "2"),)),
        )
        self.assertEqual(parse_target(SERVICE), parse_target(f"consul:///{SERVICE}"))

    def test_what_is_no_target_is_refused_with_what_one_is(self) -> None:
        for wrong in ("http://orders", "consul:///", "consul:///orders/v1", "consul:///a..b", "a b"):
            with self.assertRaisesRegex(ValueError, "must be consul:///", msg=wrong):
                parse_target(wrong)


class IndexTest(unittest.TestCase):
    def test_an_index_begins_anew_where_it_goes_back_or_makes_no_sense(self) -> None:
        self.assertEqual(next_index(None, "14350325441617796279"), 14350325441617796279)
        self.assertEqual(next_index(7, "8"), 8)
        for answered in ("0", "-1", "x", "", None, "6"):
            self.assertIsNone(next_index(7, answered), answered)


class WatchTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.registry = FakeConsul()
        await self.registry.come()
        self.addAsyncCleanup(self.registry.go)

    def watch(self, doubt_seconds: float = 10.0) -> Watch:
        watch = Watch(self.registry.consul, parse_target(SERVICE), doubt_seconds=doubt_seconds)
        self.addAsyncCleanup(watch.close)
        return watch

    async def test_a_watch_follows_those_whose_own_tags_have_the_proto_service(self) -> None:
        self.registry.add("orders", 1, SERVICE)
        self.registry.add("orders", 2, "orders.v1.Other")
        self.registry.add("mail", 3, "mail.v1.MailService")
        watch = self.watch()
        await until(lambda: [endpoint.port for endpoint in watch.endpoints] == [1])
        self.registry.add("new-orders", 4, SERVICE, version="2")
        await until(lambda: [endpoint.port for endpoint in watch.endpoints] == [4, 1])
        self.assertEqual(watch.endpoints[0].meta, (("version", "2"),))
        self.registry.remove("orders", 1)
        await until(lambda: [endpoint.port for endpoint in watch.endpoints] == [4])
        asked = [request for request in self.registry.requests if "mail" in request]
        self.assertEqual(asked, [], "nobody else is asked for")

    async def test_an_empty_answer_after_a_good_one_is_doubted(self) -> None:
        self.registry.add("orders", 1, SERVICE)
        watch = self.watch(doubt_seconds=0.1)
        await until(lambda: watch.endpoints)
        with patch.object(watch, "_give_up", wraps=watch._give_up) as give_up:
            self.registry.restart_empty()
            await until(lambda: not watch.endpoints)
        give_up.assert_called_once_with()

    async def test_a_doubt_ends_when_the_instance_is_back(self) -> None:
        self.registry.add("orders", 1, SERVICE)
        watch = self.watch(doubt_seconds=60)
        await until(lambda: watch.endpoints)
        seen: list[int] = []
        watch.listen(lambda: seen.append(len(watch.endpoints)))
        self.registry.restart_empty()
        await until(lambda: watch._doubt is not None)
        self.registry.add("orders", 1, SERVICE)
        await until(lambda: watch._doubt is None)
        self.assertEqual((seen, len(watch.endpoints)), ([], 1))

    async def test_while_the_registry_is_away_the_last_good_set_is_kept_without_a_doubt(self) -> None:
        self.registry.add("orders", 1, SERVICE)
        watch = self.watch(doubt_seconds=0.05)
        await until(lambda: watch.endpoints)
        with self.assertLogs("samspel.long_poll", "WARNING"):
            await self.registry.go()
            await until(lambda: watch.error)
        await asyncio.sleep(0.2)  # longer than a doubt takes
        self.assertEqual(len(watch.endpoints), 1)
        self.registry.restart_empty()
        self.registry.add("orders", 2, SERVICE)
        await self.registry.come()
        await until(lambda: [endpoint.port for endpoint in watch.endpoints] == [2])
        self.assertIsNone(watch.error)

    async def test_the_first_question_has_no_index_and_none_has_zero(self) -> None:
        self.registry.add("orders", 1, SERVICE)
        watch = self.watch()
        await until(lambda: watch.endpoints)
        await until(lambda: any("index=" in request for request in self.registry.requests))
        self.assertEqual(self.registry.requests[0], "GET /v1/catalog/services")
        self.assertFalse([request for request in self.registry.requests if "index=0" in request])

    async def test_all_who_ask_for_a_name_share_one_watch(self) -> None:
        registry = Registry(self.registry.consul)
        self.addAsyncCleanup(registry.close)
        leases = [registry.watch(parse_target(f"{SERVICE}{query}")) for query in ("", "?version=2")]
        self.assertIs(leases[0].watch, leases[1].watch)
        with patch("samspel.discovery.registry._LINGER_SECONDS", 0.05):
            for lease in leases:
                lease.release()
            await until(lambda: not registry._watches)

    async def test_a_listener_that_fails_does_not_end_the_poll(self) -> None:
        watch = self.watch()

        def fail() -> None:
            raise LookupError("a bug")

        unlisten = watch.listen(fail)
        with self.assertLogs("samspel.long_poll", "ERROR"):
            self.registry.add("orders", 1, SERVICE)
            await until(lambda: watch.error)
        unlisten()
        self.registry.add("orders", 2, SERVICE)
        await until(lambda: len(watch.endpoints) == 2)

    async def test_an_answer_that_makes_no_sense_is_a_failure_and_not_an_empty_set(self) -> None:
        self.registry.add("orders", 1, SERVICE)
        watch = self.watch(doubt_seconds=0.05)
        await until(lambda: watch.endpoints)
        self.registry.answers["/v1/catalog/services"] = ["what"]
        self.registry.changed()
        with self.assertLogs("samspel.long_poll", "WARNING"):
            await until(lambda: watch.error)
        self.assertIsInstance(watch.error, ConsulError)
        self.assertEqual(len(watch.endpoints), 1)
