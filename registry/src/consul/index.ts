export { createAgent, type Agent } from "./agent.ts";
export { createConsulHttp, type ConsulAnswer, type ConsulHttp } from "./http.ts";
export { asArray, asNumber, asRecord, asString, asStringMap, asStrings } from "./json.ts";
