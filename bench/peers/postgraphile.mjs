// PostGraphile 5 over the database as it is: its own schema, no session, no permission.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const facts = JSON.parse(readFileSync(process.env.BENCH_FACTS, "utf8"));
const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({ connectionString: facts.url, schemas: ["public"], poolConfig: { max: 12 } }),
  ],
  grafserv: { graphiql: false, watch: false, port: Number(process.argv[2]) },
  grafast: { explain: false },
};
const instance = postgraphile(preset).createServ(grafserv);
const server = createServer({ keepAliveTimeout: 60_000 });
server.on("error", (error) => console.error(error));
await instance.addTo(server);
server.listen(Number(process.argv[2]), "127.0.0.1");
