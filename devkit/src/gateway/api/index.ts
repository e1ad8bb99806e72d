export { followApis, type OpenService, type OpenServices } from "./follow-apis.ts";
