// The dashboard's server. Its pages are a workspace of their own; docs/reference/dashboard-api.md is what they talk to.
export type { Dashboard, DashboardOptions } from "./dashboard.ts";
export { startDashboard } from "./start-dashboard.ts";
