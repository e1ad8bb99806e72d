export { TellsPage } from "./tells-page.tsx";
