import { testScenarios } from "../scenarios.ts";

testScenarios("rust");
