// Mounts the pages.
import { render } from "preact";

const root = document.getElementById("app");
if (root !== null) render(<h1>Samspel</h1>, root);
