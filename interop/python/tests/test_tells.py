"""Tells: where they lie, and what may be told."""

import json
import unittest
from pathlib import Path
from unittest.mock import AsyncMock, Mock

from samspel.backoff import backoff_seconds
from samspel.tell_address import message_id, reply_subject, tell_stream, tell_subject, tell_token
from samspel.teller import Teller
from tests.declared import FILE

VECTORS = Path(__file__).parents[2] / "vectors" / "tells.json"


class Address(unittest.TestCase):
    def test_is_that_of_every_language(self) -> None:
        vectors = json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"]
        self.assertGreater(len(vectors), 3)
        for vector in vectors:
            service, method, key, tell_id = (vector[name] for name in ("service", "method", "key", "id"))
            token = tell_token(service, method, key, tell_id)
            self.assertEqual(tell_stream(service), vector["stream"])
            self.assertEqual(tell_subject(service, key), vector["subject"])
            self.assertEqual(token, vector["token"])
            self.assertEqual(reply_subject(service, token), vector["replySubject"])
            self.assertEqual(message_id(method, key, tell_id), vector["messageId"])


class Sending(unittest.IsolatedAsyncioTestCase):
    async def test_refuses_a_method_that_streams(self) -> None:
        teller = Teller(Mock(jetstream=AsyncMock()), "", "test")
        method = FILE.services_by_name["Topics"].methods_by_name["Plain"]
        with self.assertRaisesRegex(TypeError, "as it streams"):
            await teller.tell(method, Mock())


class Backoff(unittest.TestCase):
    def test_tells_wait_longer_than_messages(self) -> None:
        self.assertTrue(all(2.5 <= backoff_seconds(16) <= 5 for _ in range(20)))
        self.assertTrue(all(30 <= backoff_seconds(16, 60) <= 60 for _ in range(20)))


if __name__ == "__main__":
    unittest.main()
