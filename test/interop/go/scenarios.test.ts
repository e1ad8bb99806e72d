// What Go and TypeScript say to each other, in both directions.
import { testScenarios } from "../scenarios.ts";

testScenarios("go");
