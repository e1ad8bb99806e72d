export { href, navigate, pages, param, route, setParams, startRouter, type PageId } from "./route.ts";
