// What is no source, wherever it lies: it is neither watched nor read.

const folders = new Set(["node_modules", "target", "__pycache__", "dist", "venv"]);

/** Whether a file or folder of this name is left out: hidden ones, packages, what builds make, what editors leave. */
export function isIgnored(name: string): boolean {
  return (
    name.startsWith(".") ||
    folders.has(name) ||
    // `target-dev` and the like, temporary files of editors.
    name.startsWith("target-") ||
    name.endsWith("~") ||
    /\.(pyc|swp|swx|tmp|class|o)$/.test(name) ||
    /^#.*#$/.test(name) ||
    // Vim tests with this whether it may write.
    name === "4913"
  );
}
