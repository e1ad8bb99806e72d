export { ConfigurationPage } from "./configuration-page.tsx";
