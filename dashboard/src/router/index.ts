export {
  href,
  navigate,
  pages,
  param,
  route,
  setParams,
  startRouter,
  type PageId,
  type Params,
} from "./route.ts";
