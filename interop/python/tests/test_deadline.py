"""Waiting with an end loses neither the result nor a cancellation."""

import asyncio
import unittest

from samspel.deadline import within


class WithinTest(unittest.IsolatedAsyncioTestCase):
    async def test_a_result_in_time_is_returned_and_an_error_raised(self) -> None:
        self.assertEqual(await within(5, asyncio.sleep(0, "done")), "done")

        async def fail() -> None:
            raise LookupError

        with self.assertRaises(LookupError):
            await within(5, fail())

    async def test_what_takes_too_long_is_cancelled(self) -> None:
        cancelled = asyncio.Event()

        async def wait() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        with self.assertRaises(asyncio.TimeoutError):
            await within(0.01, wait())
        self.assertTrue(cancelled.is_set())

    async def test_a_cancellation_in_the_moment_of_the_result_is_not_lost(self) -> None:
        result: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = asyncio.ensure_future(within(5, result))
        await asyncio.sleep(0)
        result.set_result(None)
        waiting.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await waiting
