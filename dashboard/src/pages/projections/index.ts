export { ProjectionsPage } from "./projections-page.tsx";
