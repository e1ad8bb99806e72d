import json
import unittest
from pathlib import Path
from zlib import crc32

from samspel import partition_of, slice_of

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "partitions.json").read_text("utf-8"))[
    "vectors"
]


class Partitions(unittest.TestCase):
    def test_partition_of_and_slice_of_agree_with_every_other_language(self) -> None:
        self.assertGreater(len(VECTORS), 5)
        for vector in VECTORS:
            with self.subTest(key=vector["key"]):
                self.assertEqual(crc32(vector["key"].encode()), vector["crc32"])
                self.assertEqual(slice_of(vector["key"]), vector["slice"])
                self.assertEqual(partition_of(vector["key"], 16), vector["partition"])
