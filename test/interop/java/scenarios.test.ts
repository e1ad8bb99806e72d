import { testScenarios } from "../scenarios.ts";

testScenarios("java");
