import io
import json
import logging
import unittest
from typing import Any

from samspel.logs import configure_logging


class Logs(unittest.TestCase):
    def tearDown(self) -> None:
        logging.getLogger().handlers.clear()

    def lines(self, stream: io.StringIO) -> list[dict[str, Any]]:
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    def test_each_record_is_one_json_line_with_its_fields(self) -> None:
        stream = io.StringIO()
        configure_logging("inventory", "info", stream)
        logging.getLogger("x").debug("unheard")
        logging.getLogger("x").warning("booked %s", "it", extra={"cart": "c-1"})
        [line] = self.lines(stream)
        self.assertRegex(line.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(line, {"level": "warn", "service": "inventory", "msg": "booked it", "cart": "c-1"})

    def test_an_exception_stands_in_err_on_the_same_line(self) -> None:
        stream = io.StringIO()
        configure_logging("inventory", "info", stream)
        try:
            raise ValueError("no\nluck")
        except ValueError:
            logging.getLogger("x").exception("failed")
        [line] = self.lines(stream)
        self.assertEqual((line["err"]["type"], line["err"]["message"]), ("ValueError", "no\nluck"))
        self.assertIn("test_logs.py", line["err"]["stack"])
