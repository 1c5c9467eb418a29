// PostGraphile 5 over the database as it is, with its own schema. With BENCH_SESSION=1 it asks who
// calls, by our statement, and tells the database by `pgSettings`, as its documentation has it;
// without, as it comes: no session and no permission.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import pg from "pg";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const facts = JSON.parse(readFileSync(process.env.BENCH_FACTS, "utf8"));
const pool = new pg.Pool({ connectionString: facts.url, max: 12, options: "-c timezone=UTC" });
const session = facts.pages.tree.statements[0];

async function known() {
  const values = [session.values[0], new Date()];
  const { rows } = await pool.query({ name: "session", text: session.sql, values });
  if (!rows.length || rows[0].enterprise_status !== "ACTIVE") throw new Error("unauthenticated");
  return { pgSettings: { "counterfoil.enterprise_id": rows[0].main_enterprise } };
}

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({ connectionString: facts.url, schemas: ["public"], poolConfig: { max: 12 } }),
  ],
  grafserv: { graphiql: false, watch: false, port: Number(process.argv[2]) },
  grafast: { explain: false, ...(process.env.BENCH_SESSION === "1" && { context: known }) },
};
const instance = postgraphile(preset).createServ(grafserv);
const server = createServer({ keepAliveTimeout: 60_000 });
server.on("error", (error) => console.error(error));
await instance.addTo(server);
server.listen(Number(process.argv[2]), "127.0.0.1");
