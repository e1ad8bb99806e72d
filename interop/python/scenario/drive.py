"""The other side: calls ScenarioService as a service in Python would."""

from __future__ import annotations

import logging
from typing import Any

import grpc

from samspel import Rejection, Service
from scenario.gen import scenario_pb2 as api
from scenario.gen.scenario_pb2_grpc import ScenarioDriverServicer, add_ScenarioDriverServicer_to_server
from scenario.scenarios import SCENARIOS
from scenario.world import World

log = logging.getLogger(__name__)


class Driver(ScenarioDriverServicer):
    def __init__(self, world: World) -> None:
        self._world = world

    async def Run(self, request: api.RunRequest, context: Any) -> api.RunResponse:
        scenario = SCENARIOS.get(request.scenario)
        if scenario is None:
            raise Rejection(
                grpc.StatusCode.UNIMPLEMENTED, f"there is no scenario {request.scenario} in Python"
            )
        try:
            await scenario(self._world, dict(request.parameters))
        except Exception as error:
            log.warning("scenario failed", extra={"scenario": request.scenario}, exc_info=error)
            return api.RunResponse(passed=False, message=f"{type(error).__name__}: {error}")
        return api.RunResponse(passed=True)


async def drive(service: Service) -> None:
    add_ScenarioDriverServicer_to_server(Driver(World(service)), service.server)  # type: ignore[no-untyped-call]
    service.serve("samspel.scenario.v1.ScenarioDriver")
