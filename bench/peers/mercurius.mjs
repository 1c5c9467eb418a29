// Mercurius with its JIT on Fastify: the pages of bench/pages.py, with batched loaders and prepared statements.
import { readFileSync } from "node:fs";
import Fastify from "fastify";
import mercurius from "mercurius";
import pg from "pg";

const facts = JSON.parse(readFileSync(process.env.BENCH_FACTS, "utf8"));
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) =>
  text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"),
);
const pool = new pg.Pool({ connectionString: facts.url, max: 12, options: "-c timezone=UTC" });
const names = new Map();
function rows(text, ...values) {
  if (!names.has(text)) names.set(text, `s${names.size}`);
  return pool.query({ name: names.get(text), text, values }).then((found) => found.rows);
}

const session = facts.pages.tree.statements[0];
const schema = `
  scalar DateTime
  type Money { amount: String! currency: String! }
  type PageInfo { hasNextPage: Boolean! }
  type Tier { upTo: Float unitPrice: String! }
  type Price { effectiveFrom: DateTime! listPrice: String tiers: [Tier!]! }
  type DeliveryOption { code: String! name: String! kind: String! online: Boolean! }
  type Plan {
    id: ID! code: String! name: String! paymentMode: String! unit: String! price: Price
  }
  type Product {
    id: ID! code: String! name: String! category: String! saleStatus: String! summaryZh: String!
    deliveryOptions: [DeliveryOption!]! plans: [Plan!]!
  }
  type ProductConnection { nodes: [Product!]! pageInfo: PageInfo! }
  type Role { id: ID! name: String! consoleScopes: [String!]! apiGrants: [String!]! }
  type SubAccount {
    id: ID! kind: String! name: String! status: String! createdAt: DateTime! role: Role!
  }
  type SubAccountConnection { nodes: [SubAccount!]! pageInfo: PageInfo! }
  type AccessKey {
    id: ID! subAccountId: ID name: String! status: String! main: Boolean! createdAt: DateTime!
  }
  type AccessKeyConnection { nodes: [AccessKey!]! }
  type OrderItem { id: ID! quantity: Int! total: Money! product: Product! plan: Plan! }
  type Order {
    id: ID! type: String! status: String! placedAt: DateTime! payUntil: DateTime
    paidAt: DateTime total: Money! items: [OrderItem!]!
  }
  type OrderConnection { nodes: [Order!]! pageInfo: PageInfo! }
  type FinancialAccount {
    id: ID! currency: String! cash: Money! debt: Money! available: Money!
  }
  type UsageStat {
    startsAt: DateTime! productCode: String! total: Float! success: Float! failure: Float!
    billable: Float! free: Float! pack: Float! postpaid: Float!
  }
  enum Period { DAY }
  enum Group { PRODUCT }
  type Query {
    products(first: Int!): ProductConnection
    subAccounts(first: Int!): SubAccountConnection
    accessKeys(first: Int!): AccessKeyConnection
    orders(first: Int!): OrderConnection
    financialAccount: FinancialAccount
    usageStats(period: Period!, from: DateTime!, until: DateTime!, groupBy: [Group!]!): [UsageStat!]
  }
`;

const money = (fen) => {
  const whole = Math.abs(fen);
  const cents = String(whole % 100).padStart(2, "0");
  return { amount: `${fen < 0 ? "-" : ""}${Math.floor(whole / 100)}.${cents}`, currency: "CNY" };
};
const page = (found, first) => ({
  nodes: found.slice(0, first),
  pageInfo: { hasNextPage: found.length > first },
});
const json = (value) => (typeof value === "string" ? JSON.parse(value) : value);
const grouped = (found, key) => {
  const groups = new Map();
  for (const row of found) {
    const group = groups.get(row[key]);
    if (group) group.push(row);
    else groups.set(row[key], [row]);
  }
  return (id) => groups.get(id) ?? [];
};
const byId = (found) => {
  const known = new Map(found.map((row) => [row.id, row]));
  return (id) => known.get(id);
};
const distinct = (queries, key) => [...new Set(queries.map(({ obj }) => obj[key]))];

const resolvers = {
  Query: {
    products: async (_, { first }) =>
      page(
        await rows(
          `SELECT id, code, name_zh AS name, category, sale_status AS "saleStatus",
                  summary_zh AS "summaryZh"
             FROM products WHERE sale_status = ANY($1) ORDER BY position, id LIMIT $2`,
          ["LISTED", "SALES_STOPPED", "RENEWAL_STOPPED"],
          first + 1,
        ),
        first,
      ),
    subAccounts: async (_, { first }, { home }) =>
      page(
        await rows(
          `SELECT id, kind, name, status, created_at AS "createdAt", role_id
             FROM sub_accounts WHERE enterprise_id = $1 ORDER BY id LIMIT $2`,
          home,
          first + 1,
        ),
        first,
      ),
    accessKeys: async (_, { first }, { home }) =>
      page(
        await rows(
          `SELECT id, sub_account_id AS "subAccountId", name, status,
                  sub_account_id IS NULL AS main, created_at AS "createdAt"
             FROM access_keys WHERE enterprise_id = $1 AND NOT status = 'DELETED'
            ORDER BY id DESC LIMIT $2`,
          home,
          first + 1,
        ),
        first,
      ),
    orders: async (_, { first }, { home }) =>
      page(
        await rows(
          `SELECT id, type, status, placed_at AS "placedAt", pay_until AS "payUntil",
                  paid_at AS "paidAt", total_fen
             FROM orders WHERE enterprise_id = $1 ORDER BY id DESC LIMIT $2`,
          home,
          first + 1,
        ),
        first,
      ),
    financialAccount: async (_, __, { home }) =>
      (
        await rows(
          `SELECT id, currency, cash_fen, receivable_fen, credit_limit_fen
             FROM financial_accounts WHERE enterprise_id = $1`,
          home,
        )
      )[0],
    usageStats: (_, { from, until }, { home }) =>
      rows(
        `SELECT starts_at AS "startsAt", product_code AS "productCode",
                SUM(total)::bigint AS total, SUM(success)::bigint AS success,
                SUM(failure)::bigint AS failure, SUM(billable)::bigint AS billable,
                SUM(free)::bigint AS free, SUM(pack)::bigint AS pack,
                SUM(postpaid)::bigint AS postpaid
           FROM usage_days WHERE enterprise_id = $1 AND starts_at >= $2 AND starts_at < $3
          GROUP BY starts_at, product_code ORDER BY starts_at, product_code LIMIT 5001`,
        home,
        from,
        until,
      ),
  },
  Role: {
    consoleScopes: (row) => json(row.console_scopes),
    apiGrants: (row) => json(row.api_grants),
  },
  Order: { total: (row) => money(row.total_fen) },
  OrderItem: { total: (row) => money(row.total_fen) },
  FinancialAccount: {
    cash: (row) => money(row.cash_fen),
    debt: (row) => money(-row.receivable_fen),
    available: (row) => money(row.cash_fen + row.credit_limit_fen + row.receivable_fen),
  },
};

const plain = { cache: false };
const loaders = {
  Product: {
    deliveryOptions: {
      opts: plain,
      loader: async (queries) => {
        const of = grouped(
          await rows(
            `SELECT code, name_zh AS name, kind, online, product_id
               FROM delivery_options WHERE product_id = ANY($1) ORDER BY position, id`,
            distinct(queries, "id"),
          ),
          "product_id",
        );
        return queries.map(({ obj }) => of(obj.id));
      },
    },
    plans: {
      opts: plain,
      loader: async (queries) => {
        const of = grouped(
          await rows(
            `SELECT id, code, name_zh AS name, payment_mode AS "paymentMode", unit, product_id
               FROM plans WHERE product_id = ANY($1) ORDER BY position, id`,
            distinct(queries, "id"),
          ),
          "product_id",
        );
        return queries.map(({ obj }) => of(obj.id));
      },
    },
  },
  Plan: {
    price: {
      opts: plain,
      loader: async (queries) => {
        const found = await rows(
          `SELECT plan_id, effective_from AS "effectiveFrom", list_price AS "listPrice", tiers
             FROM price_versions WHERE plan_id = ANY($1) AND effective_from <= now()
            ORDER BY effective_from`,
          distinct(queries, "id"),
        );
        const present = new Map();
        for (const row of found) present.set(row.plan_id, { ...row, tiers: json(row.tiers) });
        return queries.map(({ obj }) => present.get(obj.id) ?? null);
      },
    },
  },
  SubAccount: {
    role: {
      opts: plain,
      loader: async (queries) => {
        const of = byId(
          await rows(
            "SELECT id, name, console_scopes, api_grants FROM roles WHERE id = ANY($1)",
            distinct(queries, "role_id"),
          ),
        );
        return queries.map(({ obj }) => of(obj.role_id));
      },
    },
  },
  Order: {
    items: {
      opts: plain,
      loader: async (queries) => {
        const of = grouped(
          await rows(
            `SELECT id, order_id, quantity, total_fen, product_id, plan_id
               FROM order_items WHERE order_id = ANY($1) ORDER BY id`,
            distinct(queries, "id"),
          ),
          "order_id",
        );
        return queries.map(({ obj }) => of(obj.id));
      },
    },
  },
  OrderItem: {
    product: {
      opts: plain,
      loader: async (queries) => {
        const of = byId(
          await rows(
            "SELECT id, code, name_zh AS name FROM products WHERE id = ANY($1)",
            distinct(queries, "product_id"),
          ),
        );
        return queries.map(({ obj }) => of(obj.product_id));
      },
    },
    plan: {
      opts: plain,
      loader: async (queries) => {
        const of = byId(
          await rows(
            `SELECT id, code, name_zh AS name, unit, payment_mode AS "paymentMode"
               FROM plans WHERE id = ANY($1)`,
            distinct(queries, "plan_id"),
          ),
        );
        return queries.map(({ obj }) => of(obj.plan_id));
      },
    },
  },
};

async function context(request) {
  const found = await rows(session.sql, session.values[0], new Date());
  if (!found.length || found[0].enterprise_status !== "ACTIVE") throw new Error("unauthenticated");
  return { home: found[0].main_enterprise };
}

const app = Fastify({ logger: false, keepAliveTimeout: 60_000 });
app.register(mercurius, { schema, resolvers, loaders, context, jit: 1, path: "/graphql" });
await app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
