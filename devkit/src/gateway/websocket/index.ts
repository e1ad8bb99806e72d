export { createWebSockets } from "./web-sockets.ts";
