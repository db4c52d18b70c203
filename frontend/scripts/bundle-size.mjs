// Prints what a visitor downloads: the shell (everything index.html names and imports at once) and each lazy part.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url).pathname;
const assets = join(dist, "assets");
const gz = (name) => gzipSync(readFileSync(join(assets, name)), { level: 9 }).length;

const shell = new Set();
const follow = (name) => {
  if (shell.has(name)) return;
  shell.add(name);
  if (!name.endsWith(".js")) return;
  const source = readFileSync(join(assets, name), "utf8");
  for (const [, target] of source.matchAll(/(?:import|from)\s*["']\.\/([^"']+)["']/g)) follow(target);
};
for (const [, name] of readFileSync(join(dist, "index.html"), "utf8").matchAll(/assets\/([^"']+)["']/g)) follow(name);

const rows = readdirSync(assets)
  .filter((name) => /\.(js|css)$/.test(name))
  .map((name) => ({ name, kB: gz(name) / 1000, shell: shell.has(name) }))
  .sort((a, b) => b.kB - a.kB);
for (const { name, kB, shell: inShell } of rows) {
  console.log(`${kB.toFixed(1).padStart(8)} kB gz  ${inShell ? "shell" : "lazy "}  ${name}`);
}
const total = rows.filter((row) => row.shell).reduce((sum, row) => sum + row.kB, 0);
console.log(`${total.toFixed(1).padStart(8)} kB gz  shell in all (budget 200)`);
if (total > 200) {
  console.error("The shell is over its budget of 200 kB gz: load the new part lazily.");
  process.exitCode = 1;
}
