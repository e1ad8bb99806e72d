export { EntitiesPage } from "./entities-page.tsx";
