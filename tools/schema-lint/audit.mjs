// Runs the GraphQL over HTTP audits of graphql-http against a server of this checkout, or of $URL.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverAudits } from "graphql-http";

const freePort = () =>
  new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });

async function started() {
  const folder = mkdtempSync(join(tmpdir(), "counterfoil-audit-"));
  const port = await freePort();
  const server = spawn(
    new URL("../../.venv/bin/counterfoil", import.meta.url).pathname,
    ["serve", "--port", String(port)],
    { cwd: folder, stdio: "ignore" },
  );
  const stop = () => {
    server.kill("SIGTERM");
    server.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  };
  for (let tries = 0; tries < 120; tries += 1) {
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (ready?.ok) return { url: `http://127.0.0.1:${port}/graphql`, stop };
    await new Promise((done) => setTimeout(done, 500));
  }
  stop();
  throw new Error("the server did not get ready");
}

const { url, stop } = process.env.URL
  ? { url: process.env.URL, stop: () => {} }
  : await started();
let failed = 0;
try {
  const audits = serverAudits({ url, fetchFn: fetch });
  for (const audit of audits) {
    const result = await audit.fn();
    if (result.status === "ok") continue;
    failed += 1;
    console.log(`${result.status} ${audit.id} ${audit.name}: ${result.reason}`);
  }
  console.log(`${audits.length - failed} of ${audits.length} audits pass`);
} finally {
  stop();
}
process.exitCode = failed ? 1 : 0;
