export { followApis, type Apis, type OpenService, type OpenServices } from "./follow-apis.ts";
