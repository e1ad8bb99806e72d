export { createWebSockets, type WebSockets } from "./web-sockets.ts";
