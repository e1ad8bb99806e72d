// TypeScript with itself: that the suite is right, and that every scenario can pass.
import { testScenarios } from "../scenarios.ts";

testScenarios("typescript");
