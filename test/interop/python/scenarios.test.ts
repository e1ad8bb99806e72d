// What Python and TypeScript say to each other, in both directions.
import { testScenarios } from "../scenarios.ts";

testScenarios("python");
