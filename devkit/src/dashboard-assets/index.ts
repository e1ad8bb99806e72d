export { dashboardAssets } from "./assets.ts";
